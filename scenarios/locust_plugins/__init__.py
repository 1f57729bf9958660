"""Shows checkload's options in ``locust --help``.

Locust prints its help before it reads a locustfile, so the options of a locustfile are missing there. For this purpose,
Locust first imports a package named ``locust_plugins`` if one is installed, and checkload installs this one under that name.

It adds options only for ``--help``. If the distribution locust-plugins is installed, Python imports that package instead.
With ``--scenario``, it also records a signal that arrives during the imports, so that the run still writes its results.
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
