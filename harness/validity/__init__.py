"""Checks whether a run can be trusted."""
