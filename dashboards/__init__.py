"""Monitoring of a run from outside: Grafana dashboards, Prometheus rules, and example deployments.

Nothing here is part of the load generator. ``dashboards.boards`` writes the dashboards; ``dashboards.examine`` runs their
queries against a Prometheus, reports problems and draws them.
"""
