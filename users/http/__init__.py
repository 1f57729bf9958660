"""The HTTP clients: checkload's own, and Locust's within the same limits. They know nothing of shops or journeys."""
