"""Starts the second shop as a process of its own."""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

from child_process import ChildProcess

_HEADER = "email,password,first_name,last_name,phone,saved_choices\n"


class SecondShop(ChildProcess):
    """A running second shop, at ``url``; it ends with this object's ``close``, or with the process that started it."""

    def __init__(self, accounts: Path | None = None, **variations: Any) -> None:
        command = [sys.executable, "-m", "second_shop", "--variations", json.dumps(variations)]
        if accounts:
            command += ["--accounts", str(accounts)]
        super().__init__(command, Path(__file__).parents[1])
        self.url = self.stdout.readline().rpartition(" ")[2].strip()
        if not self.url:
            raise RuntimeError("the second shop did not start")

    def books(self) -> dict[str, Any]:
        """Orders, refusals and requests so far."""
        with urllib.request.urlopen(f"{self.url}/_books", timeout=10) as reply:
            read: dict[str, Any] = json.load(reply)
        return read


def write_accounts(path: Path, emails: list[str], password: str, *, saved: bool) -> Path:
    """A file of accounts with one password, appended to what is there."""
    known = path.read_text() if path.exists() else _HEADER
    numbers = range(known.count("\n"), known.count("\n") + len(emails))
    rows = [f"{email},{password},Ada,Byron,06{n:09},{int(saved)}\n" for n, email in zip(numbers, emails, strict=True)]
    path.write_text(known + "".join(rows))
    return path
