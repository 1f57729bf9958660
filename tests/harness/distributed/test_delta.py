import json
import random
import sys

import pytest

from harness.distributed.delta import MOST_PACKED, DeltaDecoder, DeltaEncoder
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.measurement.totals import RunTotals

WINDOW = Window(100.0, 105.0, 500.0)
PAGES = ("BinNumberPage", "VerifySmsPage", "ThankYouPage")
STATUSES = (200, 200, 200, 500)


def fill(recorder, rng, seconds, n=200):
    for _ in range(n):
        due = recorder.window.start + rng.uniform(*seconds)
        took = rng.lognormvariate(-3, 0.5)
        recorder.page(
            PageSample(rng.choice(PAGES), "gpay", "ok", "nobody", due, due, due + took, 100, rng.choice(STATUSES))
        )
        recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due, due + took, ordered=True, amount=7))
        recorder.offered(due)
        recorder.started(due, 0.001, took / 10)
    due = recorder.window.start + seconds[0]
    recorder.offered(due)
    recorder.dropped(due)
    recorder.journey(JourneySample("guest", "gpay", "dropped", "shop", due, due, float("inf")))


def sent(message):
    """The message as it arrives: through JSON, as strict as what Locust sends."""
    return json.loads(json.dumps(message))


def same(one, other):
    return one.to_json() == other.to_json()


@pytest.fixture
def rng():
    return random.Random(5)


def test_the_master_counts_the_same_as_the_worker(rng):
    recorder, total = Recorder(WINDOW), Recorder(WINDOW)
    encoder, decoder = DeltaEncoder(recorder), DeltaDecoder(total)
    for second in range(10):
        fill(recorder, rng, (second, second + 1))
        decoder.apply(sent(encoder.encode()))
        assert same(total, recorder)
    decoder.apply(sent(encoder.encode(whole=True)))
    assert same(total, recorder)


def test_the_masters_copy_of_a_worker_takes_little_memory(rng):
    recorder, total = Recorder(WINDOW), Recorder(WINDOW)
    encoder, decoder = DeltaEncoder(recorder), DeltaDecoder(total)
    for second in range(10):
        fill(recorder, rng, (second, second + 1), n=2_000)
        decoder.apply(sent(encoder.encode()))
    (copy,) = total.mirrors
    assert same(copy, recorder)
    assert 4 * counts_in_memory(copy) < counts_in_memory(total)


def test_only_the_copies_of_a_few_workers_are_packed(rng):
    total = Recorder(WINDOW)
    for _ in range(MOST_PACKED + 1):
        recorder = Recorder(WINDOW)
        fill(recorder, rng, (0, 10), n=200)
        DeltaDecoder(total).apply(sent(DeltaEncoder(recorder).encode()))
    *packed, last = map(counts_in_memory, total.mirrors)
    assert len(packed) == MOST_PACKED
    assert 4 * max(packed) < last


def counts_in_memory(recorder):
    """The bytes that the counts of a recorder take, by page and by journey."""
    every = (series for part in (recorder.pages, recorder.journeys) for series in part.values())
    counts = [one._counts for series in every for one in (series.response, series.service)]
    return sum(map(sys.getsizeof, counts))


def test_series_with_slices_in_common_reach_the_master():
    recorder, total = Recorder(WINDOW, sliced_options={"gpay"}), Recorder(WINDOW, sliced_options={"gpay"})
    encoder, decoder = DeltaEncoder(recorder), DeltaDecoder(total)
    for second, option in enumerate(("bex", "credit_card", "gpay", "credit_card", "credit_card")):
        due = WINDOW.start + second
        recorder.page(PageSample("BinNumberPage", option, "ok", "nobody", due, due, due + 0.1, 10, 200))
        decoder.apply(sent(encoder.encode()))
        assert same(total, recorder)
    assert {key.payment_option: len(cell.slices) for key, cell in total.pages.items()} == {
        "bex": 4,
        "credit_card": 0,
        "gpay": 1,
    }


def test_a_message_holds_only_changes(rng):
    recorder = Recorder(WINDOW)
    encoder = DeltaEncoder(recorder)
    fill(recorder, rng, (0, 50))
    whole = encoder.encode()
    nothing = encoder.encode()
    assert nothing["pages"] == nothing["journeys"] == nothing["arrivals"] == []
    due = WINDOW.start + 50.5
    recorder.page(PageSample("BinNumberPage", "gpay", "ok", "nobody", due, due, due + 0.1, 10, 200))
    little = encoder.encode()
    (((page, *_), response, service, _, _, ((second, times),), _),) = little["pages"]
    assert (page, second) == ("BinNumberPage", 50)
    assert (
        len(response[4]) == len(service[4]) == len(times[4]) == 1
    )  # one bucket each, of the many that the run has filled
    assert len(json.dumps(little)) < len(json.dumps(whole)) / 20


def test_a_filling_slice_is_sent_by_its_changed_buckets():
    recorder, total = Recorder(WINDOW), Recorder(WINDOW)
    encoder, decoder = DeltaEncoder(recorder), DeltaDecoder(total)
    reported = []
    for n in range(5):
        recorder.page(PageSample("BinNumberPage", "gpay", "ok", "nobody", 110.0, 110.0, 110.1 + n, 10, 200))
        message = sent(encoder.encode())
        reported.append(len(message["pages"][0][5][0][1][4]))
        decoder.apply(message)
    assert reported == [1, 1, 1, 1, 1]
    assert same(total, recorder)


def test_the_last_message_repairs_a_lost_one(rng):
    recorder, total = Recorder(WINDOW), Recorder(WINDOW)
    encoder, decoder = DeltaEncoder(recorder), DeltaDecoder(total)
    for second in range(6):
        fill(recorder, rng, (second, second + 1))
        message = sent(encoder.encode())
        if second % 2:
            decoder.apply(message)
    for cell in total.pages.values():  # what is known meanwhile holds together
        for one in (cell.response, cell.service, *cell.slices.values()):
            assert one.total == sum(n for _, n in one.values())
    assert not decoder.complete
    decoder.apply(sent(encoder.encode(whole=True)))
    assert same(total, recorder)
    assert (decoder.last_number, decoder.messages_taken, decoder.complete) == (7, 4, True)
    fill(recorder, rng, (6, 7))
    decoder.apply(sent(encoder.encode()))
    assert decoder.complete
    assert same(total, recorder)


def test_a_message_that_comes_twice_or_late_changes_nothing(rng):
    recorder, total = Recorder(WINDOW), Recorder(WINDOW)
    encoder, decoder = DeltaEncoder(recorder), DeltaDecoder(total)
    fill(recorder, rng, (0, 1))
    first = sent(encoder.encode())
    fill(recorder, rng, (1, 2))
    second = sent(encoder.encode())
    assert [decoder.apply(message) for message in (first, second, second, first)] == [True, True, False, False]
    assert same(total, recorder)


def test_merged_slices_replace_the_short_ones(rng):
    recorder, total = Recorder(WINDOW, most_slices=16), Recorder(WINDOW, most_slices=16)
    encoder, decoder = DeltaEncoder(recorder), DeltaDecoder(total)
    for second in range(0, 100, 5):
        fill(recorder, rng, (second, second + 5), n=20)
        decoder.apply(sent(encoder.encode()))
        assert same(total, recorder)
    assert recorder.slice_length == 8.0


@pytest.mark.parametrize("lost", [0.0, 0.3])
def test_workers_add_up_despite_lost_and_repeated_messages(rng, lost):
    total = Recorder(WINDOW, most_slices=16)
    parts = [Recorder(Window(start, start + 5, start + 400), most_slices=16) for start in (7.0, 1e6, 0.5)]
    workers = [(part, DeltaEncoder(part), DeltaDecoder(total)) for part in parts]

    def whole():
        together = Recorder(WINDOW, most_slices=16)
        for part in sorted(parts, key=lambda part: -part.slice_length):
            together.add(part)
        return together

    for second in range(0, 90, 3):
        for number, (part, encoder, decoder) in enumerate(workers):
            if second < (20, 90, 40)[number]:  # so that their slices come to differ in length
                fill(part, rng, (second, second + 3), n=rng.randrange(10))
            message = sent(encoder.encode())
            if rng.random() >= lost:
                assert decoder.apply(message)
                assert not decoder.apply(message)
        if not lost:
            assert same(total, whole())
    assert len({part.slice_length for part in parts}) == 3
    for _, encoder, decoder in workers:
        decoder.apply(sent(encoder.encode(whole=True)))
    assert same(total, whole())
    assert RunTotals.of(total) == RunTotals.of(whole())
