"""Publishes measurements for Prometheus."""
