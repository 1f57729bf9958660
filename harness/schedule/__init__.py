"""Decides when each arrival is due and who serves it."""
