"""The schema check finds the same faults as the library jsonschema."""

import json
import random
from importlib.resources import files

import jsonschema
import orjson
import pytest

from harness.results.json_schema import compile_schema

SCHEMA = json.loads(files("harness.results").joinpath("result.schema.json").read_text())
CHECK = compile_schema(SCHEMA)
LIBRARY = jsonschema.Draft202012Validator(SCHEMA)
ODD = (None, True, False, 0, -1, 1, 2**63, 0.5, -0.5, "", "x", "inf", "passed", [], {}, [[]], {"x": 1}, {"": None})


def places(value, path=()):
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from places(member, (*path, key))


def shortened(value):
    if isinstance(value, dict):
        return {key: shortened(member) for key, member in value.items()}
    return [shortened(member) for member in value[:2]] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def document(inconclusive):
    """A result with two entries in each list: the schema says the same of all of them."""
    return shortened(orjson.loads(orjson.dumps(inconclusive.to_json())))


def test_a_valid_result_has_no_fault(document):
    assert list(CHECK(document, "")) == []


def test_it_finds_the_same_faults_as_the_library(document):
    chance = random.Random(1)
    shallow = [path for path in places(document) if 0 < len(path) < 4]
    deep = [path for path in places(document) if len(path) >= 4]
    for _ in range(120):
        damaged = orjson.loads(orjson.dumps(document))
        path = chance.choice(chance.choice((shallow, deep)))
        holder = damaged
        for key in path[:-1]:
            holder = holder[key]
        match chance.randrange(4):
            case 0:
                del holder[path[-1]]
            case 1 if isinstance(holder, dict):
                holder["unknown"] = 1
            case _:
                holder[path[-1]] = chance.choice(ODD)
        assert bool(list(CHECK(damaged, ""))) is not LIBRARY.is_valid(damaged), path


@pytest.mark.parametrize(
    ("schema", "value", "fault"),
    [
        ({"type": "integer"}, True, "it is not a whole number"),
        ({"type": "integer"}, 1.5, "it is not a whole number"),
        ({"type": "number"}, float("inf"), "it is not a finite number"),
        ({"type": ["string", "null"]}, 1, "it is not a text or null"),
        ({"const": 1}, True, "it is not 1"),
        ({"minimum": 0}, -1, "it is not 0 or more"),
        ({"exclusiveMinimum": 0}, 0, "it is not above 0"),
        ({"maximum": 5}, 6, "it is not 5 or less"),
        ({"minLength": 1}, "", "it is not a text of 1 or more characters"),
        ({"enum": ["a", "b"]}, "c", "it is not one of a, b"),
        ({"items": {"type": "string"}}, ["a", 1], "it[1] is not a text"),
        (
            {"properties": {"a": {"type": "null"}}, "additionalProperties": False},
            {"b": 1},
            "it has an unknown key",
        ),
        ({"prefixItems": [{"type": "string"}, {"type": "null"}]}, ["a", 1], "it[1] is not null"),
        ({"minItems": 2}, [1], "it is not a list of 2 or more"),
        ({"maxItems": 2}, [1, 2, 3], "it is not a list of 2 or fewer"),
        ({"required": ["a"]}, {}, "it.a is missing"),
        ({"propertyNames": {"pattern": "^[0-9]+$"}}, {"x": 1}, "it has a key of the wrong form"),
        ({"format": "date-time"}, "2026-01-02T03:04:05", "it is not a moment such as 2026-01-02T03:04:05+00:00"),
        ({"format": "date-time"}, "0001-01-01T00:00:00+14:00", "it is not a moment such as 2026-01-02T03:04:05+00:00"),
        ({"anyOf": [{"type": "null"}, {"required": ["a"]}]}, {"b": 1}, "it.a is missing"),
    ],
)
def test_a_fault_names_its_place(schema, value, fault):
    assert fault in list(compile_schema(schema)(value, "it"))


def test_a_schema_with_an_unknown_keyword_is_refused():
    with pytest.raises(ValueError, match="multipleOf"):
        compile_schema({"properties": {"a": {"multipleOf": 2}}})
