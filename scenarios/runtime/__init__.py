"""Prepares a scenario for a run."""
