"""Shows results as one HTML page with charts, without a network request."""
