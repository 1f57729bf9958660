"""Protocol buffers hold the same metrics as the text."""

from itertools import accumulate

from prometheus_client.parser import text_string_to_metric_families
from protobuf_reading import delimited, fields, packed_sint_field, unzigzag

from harness.measurement.histogram import Histogram
from harness.measurement.native_histogram import SCHEMA, bucket_index
from harness.metrics.exemplars import Exemplar
from harness.metrics.exposition import ExpositionFormat, ExpositionWriter
from harness.metrics.family import family
from harness.metrics.protobuf_exposition import encode_families


def some_families():
    orders, users = family("orders_total"), family("users")
    orders.increment(("run-1", "gpay"), 3)
    users.set_value(("run-1", 'Gäst "1"'), 0)
    times = Histogram()
    for seconds in (0.01, 0.01, 0.3, 7.0, float("inf")):
        times.record(seconds)
    response = family("page_response_seconds", native=True)
    response.add_histogram(("run-1", "Checkout", "success"), times)
    lag = family("arrival_lag_seconds")
    lag.add_histogram(("run-1", "baseline"), times)
    return [orders, users, response, lag]


def read(families):
    """Name, labels and value of each sample, as the text parser returns them."""
    for each in delimited(b"".join(encode_families(families))):
        name = each[1][0].decode()
        for metric in map(fields, each[4]):
            labels = {pair[1][0].decode(): pair[2][0].decode() for pair in map(fields, metric[1])}
            for number in (*metric.get(2, ()), *metric.get(3, ())):
                yield name, labels, fields(number)[1][0]
            for histogram in map(fields, metric.get(7, ())):
                for bucket in map(fields, histogram[3]):
                    bound = bucket[2][0]
                    yield (
                        f"{name}_bucket",
                        labels | {"le": "+Inf" if bound == float("inf") else repr(bound)},
                        bucket[1][0],
                    )
                yield f"{name}_count", labels, histogram[1][0]
                yield f"{name}_sum", labels, histogram[2][0]


def test_protocol_buffers_and_text_agree():
    text = b"".join(ExpositionWriter().encode(some_families(), ExpositionFormat.TEXT)).decode()
    plain = [(s.name, s.labels, s.value) for each in text_string_to_metric_families(text) for s in each.samples]
    assert list(read(some_families())) == plain
    assert len(plain) > 100


def histogram_of(families, name):
    (found,) = [one for one in delimited(b"".join(encode_families(families))) if one[1][0].decode().endswith(name)]
    (metric,) = map(fields, found[4])
    assert found[3] == [4]
    return fields(metric[7][0])


def test_native_and_classic_buckets_hold_the_same_times():
    native = histogram_of(some_families(), "page_response_seconds")
    assert unzigzag(native[5][0]) == SCHEMA
    counts = list(accumulate(packed_sint_field(native[13][0])))
    at, found = 0, {}
    for span in map(fields, native[12]):
        at += unzigzag(span[1][0])
        for _ in range(span[2][0]):
            found[at] = counts[len(found)]
            at += 1
    assert len(found) == len(counts)
    assert (found[bucket_index(0.01)], found[bucket_index(0.3)], found[bucket_index(7.0)]) == (2, 1, 1)
    assert sum(found.values()) + native[7][0] == native[1][0] == 5


def test_only_a_native_family_has_native_buckets():
    assert 5 not in histogram_of(some_families(), "arrival_lag_seconds")


def test_an_empty_native_histogram_is_marked_as_native():
    empty = family("page_response_seconds", native=True)
    empty.add_histogram(("run-1", "Checkout", "success"), Histogram())
    assert histogram_of([empty], "seconds")[6][0] > 0  # by which Prometheus tells them apart


def test_an_exemplar_is_written_with_its_bucket():
    families = some_families()
    families[2].times["run-1", "Checkout", "success"].exemplars[1] = Exemplar("abc", 0.0015, 1750000000.5)
    buckets = [fields(one) for one in histogram_of(families, "page_response_seconds")[3]]
    ((bound, exemplar),) = [(one[2][0], fields(one[3][0])) for one in buckets if 3 in one]
    pair, moment = fields(exemplar[1][0]), fields(exemplar[3][0])
    assert bound == 0.0016
    assert (pair[1][0], pair[2][0], exemplar[2][0]) == (b"trace_id", b"abc", 0.0015)
    assert (moment[1][0], moment[2][0]) == (1750000000, 500000000)
