"""Compares a run with stored runs of earlier versions."""
