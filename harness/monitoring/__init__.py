"""Watches the load generator: its machine, its process, its clocks."""
