"""Adds checkload's options to Locust's: on the command line, in the environment, in locust.conf and in the web form."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from harness.network import METRICS_PORT
from harness.run.workload import Choices
from harness.units import closest_name

REMOTE_WRITE_TOKEN = "CHECKLOAD_REMOTE_WRITE_TOKEN"
MARK = "has_checkload_options"
BY_SCENARIO = "(default: as the scenario says)"

OPTION_HELP: Mapping[str, str] = {
    "scenario": "The scenario: the load, and the objectives that the shop must meet.",
    "payment_mix": "Weights of the payment options, in place of the scenario's, e.g. credit_card=3,gpay=1.",
    "sms_share": "Share of orders (0 to 1) for which the embedded shop asks for an SMS code, if the payment option has one.",
    "arrival_rate": "One constant arrival rate of journeys, in place of the scenario's profile, e.g. 20/s or 600/min.",
    "seed": "Seed of all random numbers; the same seed gives the same journeys.",
    "think_scale": "Factor for all think times; 0 leaves them out.",
    "budget": "How long a capacity search may take, e.g. 10m.",
}
"""The help of each option, in the web form and in --help."""


class Suggestions(list[str]):
    """The known scenarios, shown as a list; any other value counts as a path and is accepted."""

    def __contains__(self, _value: object) -> bool:
        return True


def add_options(parser: Any, scenarios: Sequence[str]) -> None:
    """Add the option group ``checkload`` to Locust's parser, once, and make Locust's defaults safe."""
    if getattr(parser, MARK, False):
        return
    setattr(parser, MARK, True)
    group = parser.add_argument_group("checkload", "Options of checkload; the pages in docs/ explain them")

    def option(flag: str, *, in_form: bool = True, **settings: Any) -> None:
        variable = "CHECKLOAD_" + flag.removeprefix("--").replace("-", "_").upper()
        action = group.add_argument(flag, env_var=variable, **settings)
        # Locust's parser accepts these as arguments, its groups do not.
        action.include_in_web_ui = in_form
        action.is_secret = action.is_required = action.is_multiple = False

    option(
        "--scenario",
        metavar="<name or path>",
        default="baseline",
        choices=Suggestions(scenarios),
        help=f"{OPTION_HELP['scenario']} One of {', '.join(scenarios)}, or the path of a TOML file (default: baseline).",
    )
    option(
        "--payment-mix", metavar="<option=weight,...>", default="", help=f"{OPTION_HELP['payment_mix']} {BY_SCENARIO}"
    )
    option("--sms-share", metavar="<0..1>", default="", help=f"{OPTION_HELP['sms_share']} {BY_SCENARIO}")
    option("--arrival-rate", metavar="<rate>", default="", help=f"{OPTION_HELP['arrival_rate']} {BY_SCENARIO}")
    option("--seed", metavar="<number>", default="", help=f"{OPTION_HELP['seed']} {BY_SCENARIO}")
    option("--think-scale", metavar="<factor>", default="", help=f"{OPTION_HELP['think_scale']} {BY_SCENARIO}")
    option("--budget", metavar="<duration>", default="", help=f"{OPTION_HELP['budget']} {BY_SCENARIO}")
    option(
        "--allow-target",
        metavar="<host>",
        action="append",
        default=[],
        help="A further host that may be loaded, beside this machine; may be given several times (default: none).",
        in_form=False,
    )
    option(
        "--results",
        metavar="<folder>",
        default="",
        help="Folder in which each run makes a folder for its results (default: results).",
        in_form=False,
    )
    option(
        "--candidate",
        metavar="<URL>",
        default="",
        help="A second host: each arrival makes the same journey there at the same moment; checkload regress duet compares both (default: none).",
        in_form=False,
    )
    option(
        "--plain",
        action="store_true",
        default=False,
        help="Print progress lines on a terminal, too, in place of the panel.",
        in_form=False,
    )
    option(
        "--metrics-port",
        metavar="<port>",
        type=int,
        default=None,
        help=f"Port of /metrics for Prometheus (default: {METRICS_PORT}; 0: none).",
        in_form=False,
    )
    option(
        "--metrics-linger",
        metavar="<seconds>",
        type=float,
        default=None,
        help="How long /metrics stays up after the verdict (default: until each Prometheus has scraped once more).",
        in_form=False,
    )
    option(
        "--native-histograms",
        action="store_true",
        default=False,
        help="Also serve native histograms to a Prometheus that accepts them.",
        in_form=False,
    )
    option(
        "--remote-write",
        metavar="<URL>",
        default="",
        help=f"Also send all metrics to this Prometheus every 5 s and at the end; a bearer token is read from {REMOTE_WRITE_TOKEN} (default: nowhere).",
        in_form=False,
    )
    option(
        "--metrics-host",
        metavar="<address>",
        default="127.0.0.1",
        help="Address of /metrics (default: 127.0.0.1).",
        in_form=False,
    )
    option(
        "--otlp",
        metavar="<URL>",
        default="",
        help="Send traces of failed, slow and sampled journeys to this receiver of OpenTelemetry (OTLP over HTTP), e.g. http://127.0.0.1:4318 (default: nowhere).",
        in_form=False,
    )
    option(
        "--web-allowed-hosts",
        metavar="<host,...>",
        default="",
        help="Further host names under which the web UI and /metrics answer, beside this machine's names and plain addresses (default: none).",
        in_form=False,
    )
    option(
        "--stop-when-certain",
        action="store_true",
        default=False,
        help="End the run as soon as its verdict is certain; three interim checks, each stricter than the final one.",
        in_form=False,
    )
    for name, what in (("orders", "place more orders"), ("sms", "cause more SMS codes")):
        option(
            f"--max-{name}",
            metavar="<number>",
            default="",
            help=f"A ceiling: the load ends in good order before it can {what} than this (default: as the scenario says).",
            in_form=False,
        )
    option(
        "--stop-file",
        metavar="<path>",
        default="",
        help="The run ends as soon as this file exists (default: none).",
        in_form=False,
    )
    option(
        "--journey-log",
        metavar="<path>",
        default="",
        help="Write one JSON line per journey to this file: its pages, and how it ended (default: none).",
        in_form=False,
    )
    option(
        "--no-verify-tls",
        action="store_true",
        default=False,
        help="Accept any TLS certificate of the target.",
        in_form=False,
    )
    # By default Locust listens on all addresses; --web-host and --master-bind-host still allow that.
    parser.set_defaults(web_host="127.0.0.1", master_bind_host="127.0.0.1")


def hide_passwords(parser: Any) -> None:
    """Keep user names and passwords of URLs out of the parser's errors."""
    error = parser.error
    parser.error = lambda message: error(re.sub(r"(://)\S*@", r"\1(hidden)@", message))


def refuse_unknown_classes(parser: Any, known: Callable[[], Collection[str]]) -> None:
    """Make the parser refuse an unknown user class and suggest a known one; Locust would crash."""

    def user_class(name: str) -> str:
        names = sorted(known())
        if names and name not in names:
            meant = closest_name(name, names)
            hint = f"did you mean {meant}? " if meant else ""
            raise argparse.ArgumentTypeError(f"unknown user class {name}; {hint}known classes: {', '.join(names)}")
        return name

    for action in parser._actions:  # noqa: SLF001 - argparse offers no other access to an existing argument
        if action.dest == "user_classes":
            action.type = user_class


def refuse_unknown_options(parser: Any) -> None:
    """Make the parser name each unknown option first: the word after it would be refused as an unknown user class."""
    parse = parser.parse_args

    def parse_args(args: Sequence[str] | None = None, *others: Any, **settings: Any) -> argparse.Namespace:
        given = list(sys.argv[1:] if args is None else args)
        options = given[: given.index("--")] if "--" in given else given
        names = [word.partition("=")[0] for word in options if word.startswith("--")]
        known = parser._option_string_actions  # noqa: SLF001 - argparse offers no other access
        if unknown := [name for name in names if not any(one.startswith(name) for one in known)]:
            parser.error(f"unrecognized arguments: {' '.join(unknown)}")  # Locust adds which options are similar
        options_found: argparse.Namespace = parse(args, *others, **settings)
        return options_found

    parser.parse_args = parse_args


def check_after_parsing(parser: Any, check: Callable[[argparse.Namespace], object]) -> None:
    """Run ``check`` on the options after each parsing, for errors that depend on several options."""
    parse = parser.parse_args

    def parse_args(*args: Any, **settings: Any) -> argparse.Namespace:
        options: argparse.Namespace = parse(*args, **settings)
        check(options)
        return options

    # argparse checks single options only, and Locust opens its ports before its first event.
    parser.parse_args = parse_args


def choices(options: argparse.Namespace, users: int | None) -> Choices:
    """The user's choices, from Locust's parsed options; ``users`` is the number of users, if the user chose one."""
    return Choices(
        scenario=str(options.scenario or "baseline"),
        payment_mix=str(options.payment_mix or ""),
        sms_share=str(options.sms_share or ""),
        arrival_rate=str(options.arrival_rate or ""),
        users=users,
        duration=None if options.run_time in (None, "") else float(options.run_time),
        seed=str(options.seed or ""),
        think_scale=str(options.think_scale or ""),
        budget=str(options.budget or ""),
        max_orders=str(options.max_orders or ""),
        max_sms=str(options.max_sms or ""),
        stop_when_certain=bool(options.stop_when_certain),
        allowed=tuple(options.allow_target or ()),
        verify_tls=not options.no_verify_tls,
    )
