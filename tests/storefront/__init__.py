"""A small storefront for a real browser: one page whose scripts call the shop through a proxy, as the real client does."""
