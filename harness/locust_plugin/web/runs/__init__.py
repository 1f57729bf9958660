"""The page "Runs": the runs of the results folder, their reports, and comparisons."""
