"""The checkout of the reference shop."""
