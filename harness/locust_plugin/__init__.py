"""Connects the harness to Locust."""
