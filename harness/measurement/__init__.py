"""Counts what happens in a run: samples, histograms, recorder."""
