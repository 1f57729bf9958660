"""What watches a run from outside: dashboards, rules, and the stack and fleet they run in.

Nothing here is part of the load generator; ``dashboards.boards`` makes the dashboards that are committed beside it, and
``dashboards.examine`` asks a Prometheus all that they ask.
"""
