"""Holds the orders of a run against the shop's own export of orders."""
