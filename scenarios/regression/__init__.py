"""Starts the runs that compare two versions of a shop."""
