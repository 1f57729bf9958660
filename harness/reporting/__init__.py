"""Shows a result to people and pipelines."""
