"""Decides when each arrival is due and which virtual user serves it."""
