"""Runs one load in several processes: a master and its workers."""
