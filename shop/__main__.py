"""The shop as a program: ``python -m shop --port N``."""

from __future__ import annotations

import argparse
import ipaddress
import json
import os
import sys
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shop.app import Shop
from shop.customers.accounts import Accounts, AccountsFileError, read_accounts
from shop.customers.address_book import default_saved_choices
from shop.serving.access_log import AccessLog
from shop.serving.control import settings_problems
from shop.serving.process import READY
from shop.serving.server import listen, serve
from shop.settings import Settings

_USAGE_ERROR_CODE = 2
_HIGHEST_PORT = 65535


class StartupError(Exception):
    """The shop cannot start; the message says why and what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Run the shop; the exit code is 0 after a stop and 2 if it cannot start."""
    asked = _parser().parse_args(arguments)
    try:
        _check_address(asked.host, asked.port, allow_others=asked.allow_other_hosts)
        settings = _settings(asked.settings, asked.seed, asked.access_log)
        shop = Shop(settings, _accounts(settings))
        log = _access_log(settings.access_log)
        try:
            sock = listen(asked.host, asked.port)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StartupError(f"--port {asked.port}: {reason}; choose another port, or 0 for a free one") from None
    except StartupError as problem:
        print(f"shop: {problem}", file=sys.stderr)  # noqa: T201 - the error message of the program
        return _USAGE_ERROR_CODE
    host = f"[{asked.host}]" if ":" in asked.host else asked.host
    url = f"http://{host}:{sock.getsockname()[1]}"
    serve(shop, sock, on_ready=lambda: _say_ready(url), exit_with_parent=asked.exit_with_parent, log=log)
    return 0


def _say_ready(url: str) -> None:
    print(f"{READY}{url}", flush=True)  # noqa: T201 - the parent process waits for this line


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m shop", description="A small shop with the checkout API, for load tests."
    )
    parser.add_argument("--port", type=int, required=True, metavar="N", help="port to listen on; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--allow-other-hosts", action="store_true", help="allow a --host that other computers can reach"
    )
    parser.add_argument(
        "--settings", metavar="FILE", help="JSON or TOML file; - reads one line of JSON from standard input"
    )
    parser.add_argument(
        "--seed", type=int, metavar="N", help="seed of prices, codes and faults; overrides the settings"
    )
    parser.add_argument("--access-log", metavar="PATH", help="append a line for each request to this file")
    parser.add_argument(
        "--exit-with-parent",
        action="store_true",
        help="stop when standard input ends, which it does when the parent ends",
    )
    return parser


def _check_address(host: str, port: int, *, allow_others: bool) -> None:
    if not 0 <= port <= _HIGHEST_PORT:
        raise StartupError(f"--port {port}: give a port from 0 (any free one) to {_HIGHEST_PORT}")
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise StartupError(f"--host {host}: give an IP address such as 127.0.0.1") from None
    if not (address.is_loopback or allow_others):
        raise StartupError(
            f"--host {host}: other computers can reach this address; add --allow-other-hosts if they should"
        )


def _settings(name: str | None, seed: int | None, access_log: str | None) -> Settings:
    given = {} if name is None else _read_settings(name)
    if seed is not None:
        given["seed"] = seed
    if access_log is not None:
        given["access_log"] = access_log
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        lines = [f"settings: {problem['key']}: {problem['problem']}" for problem in settings_problems(error)]
        raise StartupError("\n".join(lines)) from None


def _read_settings(name: str) -> dict[str, Any]:
    try:
        # Read only the first line of standard input: the rest is for --exit-with-parent.
        text = _first_line() if name == "-" else Path(name).read_text(encoding="utf-8")
        given = tomllib.loads(text) if name.endswith(".toml") else json.loads(text)
    except OSError as error:
        raise StartupError(f"--settings {name}: {error.strerror}; name a readable file") from None
    except ValueError as error:
        raise StartupError(
            f"--settings {name}: not valid {'TOML' if name.endswith('.toml') else 'JSON'}: {error}"
        ) from None
    if not isinstance(given, dict):
        raise StartupError(f"--settings {name}: it must be a table of settings")
    return given


def _first_line() -> str:
    line = bytearray()
    while (byte := os.read(0, 1)) not in (b"", b"\n"):
        line += byte
    return line.decode()


def _access_log(name: str | None) -> AccessLog | None:
    try:
        return None if name is None else AccessLog(Path(name))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StartupError(f"access_log {name}: {reason}; name a file that can be written") from None


def _accounts(settings: Settings) -> Accounts:
    if settings.accounts_file is None:
        return Accounts()
    try:
        return Accounts(read_accounts(Path(settings.accounts_file), default_saved_choices))
    except AccountsFileError as error:
        raise StartupError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())
