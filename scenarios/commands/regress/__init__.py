"""The command ``checkload regress``: one file for what all designs share, and one for the history."""
