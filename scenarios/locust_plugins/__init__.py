"""Shows checkload's options in ``locust --help``.

Locust prints its help before it reads any locustfile, so what a locustfile adds is missing there. It does import a
package called ``locust_plugins`` first, if one is installed, for this very purpose; checkload installs this one under that name.
It stays out of the way of every other use: nothing is added unless help was asked for, and where the locust-plugins
distribution is installed, that one is imported instead. Where a scenario was asked for, a signal that ends the run
during the other imports is noted, and the run leaves its results.
"""

import sys
from typing import Any

from locust import events

from harness.locust_plugin import signals

if "--scenario" in sys.argv and "--worker" not in sys.argv:
    signals.defer()

from harness.locust_plugin.options import add_options
from scenarios.runtime.scenario_folder import ScenarioFolder


def _show(parser: Any, **_: Any) -> None:
    if {"-h", "--help"} & set(sys.argv[1:]):
        add_options(parser, ScenarioFolder().names())


events.init_command_line_parser.add_listener(_show)  # type: ignore[no-untyped-call]
