"""The page "Live": watches the run that is on, and steers it."""
