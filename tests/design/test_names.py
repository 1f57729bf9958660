"""The code uses the field's words: no name of the words that were given up is left."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache

from design.sources import ROOT, python_files

CODE = ("harness", "users", "scenarios", "shop", "tests", "locustfile.py")

INVENTED = {
    "swift": "HttpClient",
    "sweep": "TimeoutScanner",
    "errand": "JourneyContext",
    "casting": "JourneySampler",
    "itinerary": "JourneySpec",
    "backstage": "WorkerContext",
    "pilot": "CapacityController",
    "glance": "LevelCounts",
    "let_in": "extend_schedule",
    "dealer": "Partition",
    "put_by": "buffer",
    "teller": "DeltaEncoder",
    "mourn": "mark_lost",
    "breath": "yield_to_load",
    "breathe": "yield_to_load",
    "lacked": "resource_exhausted",
    "misuse": "UsageError",
    "stocked": "TestDataPool",
    "moot": "unreachable objectives",
    "no_quantity": "InvalidQuantity",
    "set_aside": "skipped_objectives",
    "till": "CheckoutContext",
    "sms_office": "SmsService",
}
"""Words that a reader has to look up, and what to say: no name has one of them in it."""

ORDINARY = {
    "visit": "PageRequest",
    "answer": "PageResponse",
    "judge": "check",
    "conduct": "ShopperPolicy",
    "told": "TraceRow",
    "door": "Admission",
    "seat": "VirtualUser",
    "park": "wait_for_arrival",
    "share": "Partition",
    "looks": "interim analyses",
    "spend": "alpha_spent",
    "doubt": "alpha",
    "worth": "effective_sample_size",
    "fold": "flush",
    "changes": "delta",
    "learn": "apply_delta",
    "heard": "DeltaDecoder",
    "member": "WorkerState",
    "pause": "yield_to_load",
    "rest": "yield_to_load",
    "aim": "set_target",
    "cut": "end_steady_at",
    "noted": "counts",
    "prepared": "ScenarioWorkload",
}
"""Plain English that stood for something of ours, and what to say: no name consists of one of them alone."""

EXCEPTIONS = {
    "*:answer": "the result of a search for capacity, or the reply of any server",
    "*:_answer": "the same",
    "*:changes": "what differs from a default",
    "scenarios/*:conduct": "a section of scenario files",
    "scenarios/*:_conduct": "the same",
    "tests/scenarios/*:conduct": "the same",
    "*:cut": "a place at which something is divided or broken off",
    "*:DEALER": "a kind of ZeroMQ socket",
    "scenarios/commands/*:judge": "a command, by the word for what leads to a verdict",
    "scenarios/commands/cli.py:_judge": "the same",
    "tests/scenarios/commands/*:judge": "the same",
    "*:member": "a part of a JSON object, an enum or a gzip file",
    "*:pause": "a time in which nothing is done",
    "*:_pause": "the same",
    "*:PREPARED": "the state of a run before its load begins",
    "*:rest": "what is left over",
    "*:REST": "the same",
    "*:share": "a part of a whole, from 0 to 1: a key of scenario files",
    "*:_share": "the same",
    "*:SHARE": "the same",
    "scenarios/schema/*:Share": "the type of that key",
    "shop/settings.py:Share": "the same",
}
"""Names that use such a word in its everyday sense: path and name, with the reason."""


WORD = re.compile(r"[A-Za-z_]\w*")


def in_words(name: str) -> str:
    """``HttpClient`` and ``http_client`` both become ``http_client``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_")


@cache
def given_up(name: str) -> bool:
    words = in_words(name)
    # The name of a test is a sentence.
    whole = not words.startswith("test_") and words in ORDINARY
    return whole or any(f"_{word}_" in f"_{words}_" for word in INVENTED)


def names_in(source: str) -> Iterator[str]:
    """The names of classes, functions, arguments, attributes, variables and imports."""
    for node in ast.walk(ast.parse(source)):
        for field in ("name", "asname", "id", "attr", "arg"):
            name = getattr(node, field, None)
            if isinstance(name, str):
                yield from name.split(".")


def all_names() -> Iterator[str]:
    for path in python_files(*CODE):
        for part in path.with_suffix("").parts:
            yield f"{path}:{part}"
        source = (ROOT / path).read_text()
        # Parsing takes most of the time, and most files have no such word at all.
        if any(given_up(word) for word in set(WORD.findall(source))):
            for name in names_in(source):
                yield f"{path}:{name}"


@cache
def found() -> frozenset[str]:
    return frozenset(place for place in all_names() if given_up(place.rpartition(":")[2]))


def test_no_name_of_a_word_that_was_given_up_is_left():
    left = {place for place in found() if not any(fnmatchcase(place, pattern) for pattern in EXCEPTIONS)}
    assert left == set()


def test_each_exception_is_needed():
    assert [pattern for pattern in EXCEPTIONS if not any(fnmatchcase(place, pattern) for place in found())] == []
