"""Says in plain words why a walk stopped, and which key of the scenario to change."""
