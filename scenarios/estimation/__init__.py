"""Estimates what a run will do, without sending a request."""
