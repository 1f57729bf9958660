"""The HTTP clients of the shoppers."""
