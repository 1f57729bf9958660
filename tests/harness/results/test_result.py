"""A result as JSON values, and its schema."""

import json
import math
import sys
from dataclasses import replace
from importlib.resources import files
from xml.etree import ElementTree as ET

import jsonschema
import orjson
import pytest

from harness.exits import Exit
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Window
from harness.reporting.console import console
from harness.reporting.report import RENDERINGS
from harness.results.result import without_secrets
from harness.results.store import write
from harness.validity.ledger import LedgerComparison, LedgerDifference

SCHEMA = json.loads(files("harness.results").joinpath("result.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
LATER = {"changes", "parted", "slowest_traces", "shop_metrics", "cell_traces", "spans", "stalls", "shortest_run"}
"""What results of this schema version did not have from the start, and need not have to be read."""


def document(result):
    return orjson.loads(orjson.dumps(result.to_json()))


def problems(document):
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)]


def test_the_schema_is_a_valid_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", ["rich", "passed", "failed", "invalid", "inconclusive"])
def test_every_result_matches_the_schema(request, name):
    assert problems(document(request.getfixturevalue(name))) == []


def test_results_of_unusual_runs_match_the_schema(passed):
    never_began = replace(passed, recorder=Recorder(Window(3.0, math.inf, math.inf)), ledger=None)
    assert problems(document(never_began)) == []
    comparison = LedgerComparison(1, 2, 0, 1, 0, 4999, (LedgerDifference("pages", "IndexPage", 1, 2),))
    assert problems(document(replace(passed, ledger=comparison, exit=Exit.CRASHED))) == []


def test_the_schema_describes_every_field_and_allows_no_other(inconclusive):
    def objects(schema):
        if isinstance(schema, dict):
            if schema.get("type") == "object" and "properties" in schema:
                yield schema
            for value in schema.values():
                yield from objects(value)
        elif isinstance(schema, list):
            for value in schema:
                yield from objects(value)

    every = list(objects(SCHEMA))
    assert len(every) > 15
    for schema in every:
        assert schema["additionalProperties"] is False
        assert schema["description"]
        assert set(schema["required"]) == set(schema["properties"]) - LATER
    for place in ("", "judgement", "counts", "asked", "measured", "summary", "ledger"):
        spoiled = document(inconclusive)
        (spoiled[place] if place else spoiled)["more"] = 1
        assert problems(spoiled), place


def test_infinity_and_nan_are_not_written(rich):
    assert any(one.measured == math.inf or one.measured is None for one in rich.judgement.objectives)
    text = orjson.dumps(rich.to_json()).decode()
    # The standard library would read these, but no other reader of JSON does.
    assert json.loads(text, parse_constant=pytest.fail)


def test_an_infinite_value_differs_from_a_missing_one(rich):
    measured = [one["measured"] for one in document(rich)["judgement"]["objectives"]]
    assert "inf" in measured
    assert None in measured


def test_user_and_query_of_the_target_are_removed(rich):
    asked = replace(rich.asked, target="https://me:secret@shop.example:8443/path?key=1#x")
    assert asked.target == "https://shop.example:8443/path"
    assert without_secrets("http://127.0.0.1:80") == "http://127.0.0.1:80"


def test_the_size_of_a_result_stays_small(rich):
    assert len(orjson.dumps(rich.to_json())) < 2_000_000
    assert sys.getsizeof(console(rich)) < 30_000


def test_the_schema_is_shipped_and_junit_is_xml(rich, tmp_path):
    write(rich, tmp_path, renderings=RENDERINGS)
    assert ET.parse(tmp_path / "junit.xml").getroot().tag == "testsuites"
