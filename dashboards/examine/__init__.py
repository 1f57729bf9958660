"""Asks a Prometheus everything that the dashboards ask, says what is wrong with the answers, and draws them."""
