"""Tests draw the same examples every time: a failure that is seen once can be seen again."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")
