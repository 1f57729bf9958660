"""The embedded shop: a small shop with the checkout API, which can also break its rules on request."""
