"""Watches the load generator: machine, process, clocks."""
