"""The paths that shoppers take through the checkout."""
