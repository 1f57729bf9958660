"""Adds checkload's form, tabs and guard to Locust's web UI."""
