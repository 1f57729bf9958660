"""Builds Locust's options and environment for tests of what reads them."""

from __future__ import annotations

import copy
from argparse import Namespace
from functools import cache
from types import SimpleNamespace
from typing import Any

from locust.argument_parser import get_empty_argument_parser, setup_parser_arguments
from locust.event import Events

from harness.locust_plugin.options import add_options
from harness.locust_plugin.shape import ArrivalShape


def locust_options(**changes: Any) -> Namespace:
    """The options of Locust and of checkload as an empty command line sets them, apart from these changes."""
    return Namespace(**{**copy.deepcopy(_defaults()), **changes})


@cache
def _defaults() -> dict[str, Any]:
    parser = get_empty_argument_parser(add_help=False, default_config_files=[])
    setup_parser_arguments(parser)
    add_options(parser, ["baseline", "smoke"])
    return vars(parser.parse_args([], env_vars={}))


def user_class(name: str, kind: str) -> Any:
    """A user class that takes the journey ``kind``."""
    return type(name, (), {"kind": kind, "weight": 1, "tasks": [], "fixed_count": 0})


class FakeEnvironment:
    """The part of Locust's environment that checkload touches, headless and without ``/metrics`` by default."""

    def __init__(self, **options: Any) -> None:
        quiet = {"headless": True, "metrics_port": 0, "metrics_linger": 0.0, "print_stats": True}
        self.parsed_options = locust_options(**{**quiet, **options})
        self.host = self.parsed_options.host
        self.user_classes = [user_class("Guest", "guest"), user_class("Returning", "returning")]
        self.shape_class = ArrivalShape()
        self.events = Events()
        self.runner = SimpleNamespace(
            exceptions={}, quit=lambda: None, register_message=lambda *_: None, send_message=lambda *_: None
        )
        self.web_ui = None
        self.process_exit_code: int | None = None
