"""Serves the reference shop over HTTP."""
