"""Runs the queries of the dashboards against a Prometheus, reports problems, and draws the dashboards."""
