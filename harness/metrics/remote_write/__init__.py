"""Sends metrics to a Prometheus by remote write."""
