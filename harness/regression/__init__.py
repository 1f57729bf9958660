"""Decides whether one version of a shop is slower, or fails more often, than another."""
