"""Searches for the highest arrival rate that a shop carries."""
