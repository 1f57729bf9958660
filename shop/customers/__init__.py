"""Accounts, addresses and sessions of the reference shop."""
