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
    "steer": "step",
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
    "*:PREPARED": "the state of a run before its load begins",
    "*:share": "a part of a whole, from 0 to 1: a key of scenario files",
    "scenarios/*:conduct": "a key of scenario files",
    "tests/scenarios/*:conduct": "a key of scenario files",
    "scenarios/schema/*:Share": "the type of keys that are a part of a whole",
    "shop/settings.py:Share": "the type of keys that are a part of a whole",
}
"""Names that use such a word in its everyday sense: path and name, with the reason."""

REMAINING = {
    "ANSWER",
    "Answer",
    "Casting",
    "Conduct",
    "DEALER",
    "DOOR",
    "Door",
    "Heard",
    "LOOKS",
    "Member",
    "NOTED",
    "Pause",
    "REST",
    "SHARE",
    "Share",
    "Stocked",
    "Sweep",
    "Told",
    "VISIT",
    "_PAUSE",
    "_answer",
    "_casting",
    "_conduct",
    "_doubt",
    "_errand",
    "_fold",
    "_heard",
    "_judge",
    "_lacked",
    "_learn",
    "_let_in",
    "_looks",
    "_pause",
    "_put_by",
    "_seat",
    "_share",
    "_spend",
    "_sweep",
    "_till",
    "_told",
    "answer",
    "breath",
    "casting",
    "changes",
    "conduct",
    "cut",
    "door",
    "doubt",
    "errand",
    "heard",
    "itinerary",
    "judge",
    "lacked",
    "let_in",
    "looks",
    "member",
    "misuse",
    "moot",
    "noted",
    "pages_to_sweep",
    "pause",
    "prepared",
    "put_by",
    "rest",
    "set_aside",
    "sweep",
    "swift",
    "teller",
    "test_a_declined_itinerary_does_not_touch_other_options",
    "test_a_demand_that_never_made_sense_is_not_quietly_set_aside",
    "test_a_demand_that_was_set_aside_is_told",
    "test_a_demanded_rate_is_set_aside_only_below_the_scenarios_own",
    "test_a_place_that_can_hold_no_result_is_misuse",
    "test_an_option_that_names_a_full_disk_is_misuse",
    "test_demands_on_options_nobody_pays_with_any_more_are_set_aside_and_named",
    "test_demands_on_the_sms_path_are_set_aside_when_no_code_is_asked_for",
    "test_every_error_of_a_scenario_and_of_the_choices_beside_it_is_misuse",
    "test_fault_sweep",
    "test_misuse_is_said_without_a_traceback",
    "test_misuse_is_told_in_words_and_sends_nothing",
    "test_pages_in_order_are_put_by_and_told_at_the_end",
    "test_the_same_itinerary_is_the_same_shopper",
    "test_the_same_itinerary_makes_the_same_visits",
    "test_what_is_put_by_is_told_after_a_while_without_anybody_asking",
    "test_what_it_does_not_know_is_misuse_and_names_what_there_is",
    "test_what_somebody_else_had_set_aside_stays_aside",
    "till",
    "told",
    "visit",
    "worth",
}


def in_words(name: str) -> str:
    """``HttpClient`` and ``http_client`` both become ``http_client``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_")


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
        for name in names_in((ROOT / path).read_text()):
            yield f"{path}:{name}"


@cache
def found() -> frozenset[str]:
    return frozenset(place for place in all_names() if given_up(place.rpartition(":")[2]))


def test_no_name_of_a_word_that_was_given_up_is_left():
    left = {place for place in found() if not any(fnmatchcase(place, pattern) for pattern in EXCEPTIONS)}
    assert {place for place in left if place.rpartition(":")[2] not in REMAINING} == set()


def test_each_exception_is_needed():
    assert [pattern for pattern in EXCEPTIONS if not any(fnmatchcase(place, pattern) for place in found())] == []
