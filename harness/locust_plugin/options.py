"""The options that checkload adds to Locust's own: on the command line, in the environment, in locust.conf, in the form."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from harness.run.workload import Choices
from harness.units import did_you_mean

METRICS_PORT = 9646
REMOTE_WRITE_TOKEN = "CHECKLOAD_REMOTE_WRITE_TOKEN"
MARK = "has_checkload_options"

OPTION_HELP: Mapping[str, str] = {
    "scenario": "What load to put on, and what to demand of the shop.",
    "payment_mix": "Weights of the payment options instead of the scenario's, e.g. credit_card=3,gpay=1.",
    "sms_share": "Share of orders, 0 to 1, for which the embedded shop asks for an SMS code, where the option asks for one.",
    "arrival_rate": "Journeys that arrive at one constant rate instead of the scenario's profile, e.g. 20/s or 600/min.",
    "seed": "Seed of all chance; the same seed gives the same journeys.",
    "think_scale": "Multiplies all think times; 0 leaves them out.",
    "budget": "How long a search for capacity may take, e.g. 10m.",
}
"""What is said of each choice in the form of the web UI and in --help."""


class Suggestions(list[str]):
    """The known scenarios, shown as a list to choose from; any other value is a path and passes."""

    def __contains__(self, _value: object) -> bool:
        return True


def add_options(parser: Any, scenarios: Sequence[str]) -> None:
    """Add the group ``checkload`` to Locust's parser, once, and make Locust's own defaults safe."""
    if getattr(parser, MARK, False):
        return
    setattr(parser, MARK, True)
    group = parser.add_argument_group("checkload", "What checkload adds; see README.md for a recipe of each")

    def option(flag: str, *, in_form: bool = True, **settings: Any) -> None:
        variable = "CHECKLOAD_" + flag.removeprefix("--").replace("-", "_").upper()
        action = group.add_argument(flag, env_var=variable, **settings)
        # Locust's parser takes these as arguments, its groups do not.
        action.include_in_web_ui = in_form
        action.is_secret = action.is_required = action.is_multiple = False

    option(
        "--scenario",
        metavar="<name or path>",
        default="baseline",
        choices=Suggestions(scenarios),
        help=f"{OPTION_HELP['scenario']} One of {', '.join(scenarios)}, or the path of a TOML file.",
    )
    option("--payment-mix", metavar="<option=weight,...>", default="", help=OPTION_HELP["payment_mix"])
    option("--sms-share", metavar="<0..1>", default="", help=OPTION_HELP["sms_share"])
    option("--arrival-rate", metavar="<rate>", default="", help=OPTION_HELP["arrival_rate"])
    option("--seed", metavar="<number>", default="", help=OPTION_HELP["seed"])
    option("--think-scale", metavar="<factor>", default="", help=OPTION_HELP["think_scale"])
    option("--budget", metavar="<duration>", default="", help=OPTION_HELP["budget"])
    option(
        "--allow-target",
        metavar="<host>",
        action="append",
        default=[],
        help="A host that may be loaded besides this machine; may be given several times.",
        in_form=False,
    )
    option("--results", metavar="<folder>", default="", help="Where to leave the results of the run.", in_form=False)
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
        help="How long /metrics stays up after the verdict (default: until every Prometheus that scrapes has come once more).",
        in_form=False,
    )
    option(
        "--native-histograms",
        action="store_true",
        default=False,
        help="Serve native histograms beside the classic ones to a Prometheus that takes them.",
        in_form=False,
    )
    option(
        "--remote-write",
        metavar="<URL>",
        default="",
        help=f"Also write all metrics to this Prometheus, every 5 s and at the end; a bearer token may be in {REMOTE_WRITE_TOKEN}.",
        in_form=False,
    )
    option("--metrics-host", metavar="<address>", default="127.0.0.1", help="Address of /metrics.", in_form=False)
    option(
        "--web-allowed-hosts",
        metavar="<host,...>",
        default="",
        help="Names under which the web UI and /metrics may be asked for, besides this machine's own and plain addresses.",
        in_form=False,
    )
    option(
        "--stop-when-certain",
        action="store_true",
        default=False,
        help="End the run as soon as its verdict is certain; it looks three times, and is a little stricter each time.",
        in_form=False,
    )
    option("--stop-file", metavar="<path>", default="", help="The run ends as soon as this file exists.", in_form=False)
    option(
        "--journey-log",
        metavar="<path>",
        default="",
        help="Write one JSON line per journey, with its pages and how it ended.",
        in_form=False,
    )
    option(
        "--no-verify-tls",
        action="store_true",
        default=False,
        help="Accept any TLS certificate of the target.",
        in_form=False,
    )
    # Locust listens on all addresses and prints a table every two seconds; both stay available by name.
    parser.set_defaults(web_host="127.0.0.1", master_bind_host="127.0.0.1")


def hide_passwords(parser: Any) -> None:
    """Have the parser's errors repeat no user and password of a URL, as where an option is misspelt."""
    error = parser.error
    parser.error = lambda message: error(re.sub(r"(://)\S*@", r"\1(hidden)@", message))


def refuse_unknown_classes(parser: Any, known: Callable[[], Collection[str]]) -> None:
    """Have the parser refuse a user class that there is not, with what may have been meant; Locust would end like a crash."""

    def user_class(name: str) -> str:
        names = sorted(known())
        if names and name not in names:
            meant = did_you_mean(name, names)
            hint = f"{meant} " if meant else ""
            raise argparse.ArgumentTypeError(f"there is no user class {name}; {hint}there are {', '.join(names)}")
        return name

    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to an argument that is there already
        if action.dest == "user_classes":
            action.type = user_class


def check_after_parsing(parser: Any, check: Callable[[argparse.Namespace], object]) -> None:
    """Have whoever parses the command line with this parser check what several options say together."""
    parse = parser.parse_args

    def parse_args(*args: Any, **settings: Any) -> argparse.Namespace:
        options: argparse.Namespace = parse(*args, **settings)
        check(options)
        return options

    # argparse knows of single options only, and Locust opens its ports before anybody hears of it.
    parser.parse_args = parse_args


def choices(options: argparse.Namespace, users: int | None) -> Choices:
    """The user's choices out of Locust's parsed options; ``users`` is what she chose as number of users, if she did."""
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
        stop_when_certain=bool(options.stop_when_certain),
        allowed=tuple(options.allow_target or ()),
        verify_tls=not options.no_verify_tls,
    )
