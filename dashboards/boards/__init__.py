"""Makes the dashboards: ``python -m dashboards.boards`` writes ``dashboards/grafana/dashboards/*.json`` anew, to the same bytes."""
