"""Locust's own HTTP client, and the statistics of Locust that both clients fill."""
