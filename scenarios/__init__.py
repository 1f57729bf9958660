"""Scenarios: the load for a shop, and the objectives."""
