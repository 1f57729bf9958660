"""Connects the scenarios, the shoppers and the harness to Locust. ``locust --help`` explains every option."""

import sys

from locust import events

from harness.locust_plugin.plugin import Plugin
from harness.locust_plugin.shape import ArrivalShape
from scenarios.runtime.scenario_folder import ScenarioFolder
from users.shopper import Abandoning, FirstTime, Guest, Returning

__all__ = ["Abandoning", "ArrivalShape", "FirstTime", "Guest", "Returning"]

COMMAND = (sys.executable, "-P", "-m", "scenarios.commands")

Plugin(ScenarioFolder(), command=COMMAND).bind(events)
