"""Sends a trace of each failed, slow or sampled journey by OpenTelemetry, beside the load."""
