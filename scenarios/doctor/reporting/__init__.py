"""Shows what the doctor found: in a terminal, as JSON, and as one HTML page."""
