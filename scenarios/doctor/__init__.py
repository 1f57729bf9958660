"""Finds out what a shop needs before it is loaded: walks it once, or reads a recording, and writes a scenario."""
