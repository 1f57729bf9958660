"""Reads and writes the result of a run."""
