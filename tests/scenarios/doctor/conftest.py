"""Walks a shop of the tests in this process, and gives the report as a user reads it."""

import csv
from dataclasses import dataclass

import pytest
from in_process_shop import EMAILS, URL, InProcess

from scenarios.doctor.live import Options, examine, plain_tables
from scenarios.doctor.reporting.document import document
from scenarios.doctor.reporting.text import terminal_text
from scenarios.loading.reader import build_scenario
from users.population.accounts import COLUMNS

FIRST_LINES = 12


@dataclass
class Examined:
    """What the doctor says of a shop."""

    found: object
    document: dict
    text: str
    requests: list

    @property
    def first_lines(self):
        """The first lines of the report as one line, as a reader joins them."""
        return " ".join(" ".join(self.text.splitlines()[:FIRST_LINES]).split())

    def codes(self):
        return [one.code for one in self.found.findings]

    def notes(self):
        return [one.code for one in self.found.notes]


@pytest.fixture
def walk(tmp_path):
    """Walk a shop; ``answer`` as in ``in_process``, ``tables`` a scenario, ``accounts`` whether the shop's are given."""

    def go(answer, *, tables=None, accounts=True, **options):
        options.setdefault("adapts_freely", tables is None)
        tables = {**plain_tables(), **(tables or {})}
        if accounts:
            with (tmp_path / "accounts.csv").open("w", newline="") as file:
                rows = csv.writer(file)
                rows.writerow(COLUMNS)
                for n, email in enumerate(EMAILS):
                    rows.writerow((email, "secret-1", "Ada", "Byron", f"06{n:09}", int(email.startswith("returning"))))
            tables = {**tables, "accounts": {"file": "accounts.csv"}}
        scenario = build_scenario(tables, name="tried", folder=tmp_path)
        shoppers = []

        def connect(_policy):
            shoppers.append(InProcess(answer))
            return shoppers[-1]

        found, _ = examine(scenario, Options(url=URL, folder=tmp_path, **options), connect)
        made = document(found)
        return Examined(found, made, terminal_text(made), [one for each in shoppers for one in each.requests])

    return go
