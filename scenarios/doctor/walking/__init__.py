"""Walks through a shop, one journey at a time, and changes what a scenario can change until the shop lets it pass."""
