"""Judges a run: collects its conditions, writes its results, and shows its state while it is on."""
