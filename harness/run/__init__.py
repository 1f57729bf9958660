"""Carries out one run in one process."""
