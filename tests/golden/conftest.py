"""Reads the golden exchanges: written by hand from the API's description, for the tests of both shop and shoppers.

A step is a request and the essentials of its reply. In a request, ``"$name"`` is a value captured from an earlier reply,
``"~text"`` any text at all (the shop is sent this one), and ``sends = "the form before"`` the first form of the HTML page
before, unchanged. In a reply, ``page`` is the page that must be shown (``"any"``: some page), ``unnamed`` an entry
without a name, ``errors`` whether there are business errors; ``context`` and ``pre_order`` are what must be in there,
alike in kind; ``"$form.name"`` stands for a field just sent. ``source`` is where the step is known from.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import locust  # noqa: F401 - must patch ssl before anything else imports it
import pytest

FOLDER = Path(__file__).parent / "exchanges"


@dataclass
class Memory:
    """The results of earlier steps: captured values, the last form sent, the form of the last HTML page."""

    values: dict[str, str] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    action: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    def fill(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.fill(inner) for key, inner in value.items()}
        if not isinstance(value, str):
            return value
        if value.startswith("$form."):
            return self.sent[value.removeprefix("$form.")]
        return self.values[value[1:]] if value.startswith("$") else value

    def capture(self, wanted: dict[str, str], found: Any) -> None:
        for name, path in wanted.items():
            value = found
            for part in path.split("."):
                value = value[int(part)] if isinstance(value, list) else value[part]
            self.values[name] = str(value)


@dataclass(frozen=True)
class Step:
    raw: dict[str, Any]

    @property
    def page(self) -> str:
        return self.raw["page"]

    @property
    def method(self) -> str | None:
        """``None``: as the form before says."""
        return self.raw.get("method")

    @property
    def reply(self) -> dict[str, Any]:
        return self.raw["reply"]

    @property
    def sends_form_before(self) -> bool:
        return "sends" in self.raw

    @property
    def csrf(self) -> bool:
        return self.raw.get("csrf", self.method == "POST" and not self.raw.get("outside", False))

    def path(self, memory: Memory) -> str:
        if self.sends_form_before:
            return memory.action
        return memory.fill(self.raw.get("path", f"/orders/checkout/?page={self.page}"))

    def form(self, memory: Memory) -> dict[str, str] | None:
        """What the form must hold; values still with their ``~``."""
        if self.sends_form_before:
            return dict(memory.fields)
        return memory.fill(self.raw["form"]) if "form" in self.raw else None

    def __str__(self) -> str:
        return f"{self.raw.get('source', 'client')}: {self.method or 'as the form says'} {self.page}"


@dataclass(frozen=True)
class Exchange:
    name: str
    title: str
    option: str
    steps: tuple[Step, ...]
    raw: dict[str, Any]


def load(name: str) -> Exchange:
    raw = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return Exchange(name, raw["title"], raw.get("option", ""), tuple(map(Step, raw["step"])), raw)


def plain(value: Any) -> Any:
    """The value that is really sent for a value of a form or of a JSON body: ``~1`` is 1."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return value.removeprefix("~") if isinstance(value, str) else value


def json_plain(value: dict[str, Any]) -> dict[str, Any]:
    """The same for a JSON body: ``~1`` becomes the number 1, and ``~{}`` an object."""

    def read(text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError:
            return text

    return {key: read(inner[1:]) if str(inner).startswith("~") else inner for key, inner in value.items()}


class Golden:
    """What the tests of both sides need from this file."""

    load = staticmethod(load)
    plain = staticmethod(plain)
    json_plain = staticmethod(json_plain)
    Memory = Memory

    @staticmethod
    def every() -> list[Exchange]:
        return [load(path.stem) for path in sorted(FOLDER.glob("*.toml"))]


@pytest.fixture
def address() -> dict[str, Any]:
    """As the storefront's client sends it."""
    return {
        "title": "Home",
        "first_name": "Ada",
        "last_name": "Byron",
        "phone_number": "05551234567",
        "country": 1,
        "city": 80,
        "township": 933,
        "district": 71387,
        "line": "1 Quay",
        "postcode": "34710",
        "is_corporate": "false",
        "type": "personal",
    }


@pytest.fixture
def golden() -> type[Golden]:
    return Golden


@pytest.fixture
def payment(request: pytest.FixtureRequest) -> Exchange:
    return load(request.param)


@pytest.fixture
def payment_by_shopper(request: pytest.FixtureRequest) -> Exchange:
    return load(request.param)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``payment`` runs a test once for each exchange that pays; ``payment_by_shopper`` without those for the shop only."""
    if not {"payment", "payment_by_shopper"} & set(metafunc.fixturenames):
        return
    paying = [exchange for exchange in Golden.every() if exchange.option]
    if "payment" in metafunc.fixturenames:
        metafunc.parametrize("payment", [exchange.name for exchange in paying], indirect=True)
    if "payment_by_shopper" in metafunc.fixturenames:
        walked = [exchange for exchange in paying if exchange.raw.get("shopper", True)]
        metafunc.parametrize("payment_by_shopper", [exchange.name for exchange in walked], indirect=True)
