"""A small shop that keeps the checkout API's promises, or breaks them on request."""
