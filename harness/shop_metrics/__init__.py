"""Asks the shop's own Prometheus for its metrics, and decides objectives on them."""
