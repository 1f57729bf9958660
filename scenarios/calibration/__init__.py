"""From an access log to a scenario: reading lines, telling sessions apart, and saying what they were."""
