"""The text of the metrics is read back with the parsers of the client library."""

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from harness.metrics.exemplars import Exemplar
from harness.metrics.exposition import ExpositionFormat, ExpositionWriter
from harness.metrics.family import Buckets, family
from harness.yield_to_load import YieldToLoad

FAMILIES = ("orders_total", "run_valid", "page_response_seconds", "run_info")


def some_families():
    orders, valid, pages, info = map(family, FAMILIES)
    orders.increment(("run-1", 'an "odd" \\ option\n'), 3)
    valid.set_value(("run-1",), 1)
    info.set_value(("run-1", "baseline", "open", "embedded", "0.1.0"), 1)
    pages.times["run-1", "Checkout", "success"] = Buckets([0, 2, *[0] * (len(pages.bounds) - 2), 1], 1.25)
    return [orders, valid, pages, info]


def written(form, **more):
    return b"".join(ExpositionWriter().encode(some_families(), form, **more)).decode()


def samples(families):
    return [(s.name, s.labels, s.value) for each in families for s in each.samples]


def test_both_formats_say_the_same():
    plain = samples(text_string_to_metric_families(written(ExpositionFormat.TEXT)))
    modern = samples(openmetrics.text_string_to_metric_families(written(ExpositionFormat.OPENMETRICS)))
    assert plain == modern
    assert len(plain) == 3 + len(family("page_response_seconds").bounds) + 3


def test_an_exemplar_follows_its_bucket():
    families = some_families()
    families[2].times["run-1", "Checkout", "success"].exemplars[1] = Exemplar("abc", 0.0015, 1750000000.5)
    text = b"".join(ExpositionWriter().encode(families, ExpositionFormat.OPENMETRICS)).decode()
    found = [
        (s.labels["le"], s.exemplar.labels, s.exemplar.value, float(s.exemplar.timestamp))
        for each in openmetrics.text_string_to_metric_families(text)
        for s in each.samples
        if s.exemplar
    ]
    assert found == [("0.0016", {"trace_id": "abc"}, 0.0015, 1750000000.5)]
    assert "trace_id" not in b"".join(ExpositionWriter().encode(families, ExpositionFormat.TEXT)).decode()


def test_with_timestamps_every_line_has_one_and_the_text_has_no_end():
    lines = written(ExpositionFormat.OPENMETRICS, at=1750000000.25).splitlines()
    assert len(lines) == 3 + len(family("page_response_seconds").bounds) + 3
    assert {line.rpartition(" ")[2] for line in lines} == {"1750000000.250"}


def test_long_families_yield_to_the_load():
    orders = family("orders_total")
    for n in range(1_000):
        orders.increment(("run-1", f"option{n}"), 1)
    pauses = []
    text = b"".join(
        ExpositionWriter().encode([orders], ExpositionFormat.TEXT, YieldToLoad(pauses.append, 0.0))
    ).decode()
    assert len(pauses) == 5
    assert text.count("\n") == 1_002
