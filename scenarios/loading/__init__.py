"""Reads scenario files and checks them."""
