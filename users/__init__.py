"""The shoppers: HTTP clients, identities, journeys through the checkout, and the checks of every response."""
