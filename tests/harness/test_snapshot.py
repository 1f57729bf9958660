import json
import random

import pytest

from harness.recorder import Recorder
from harness.sample import JourneySample, PageSample, Window
from harness.snapshot import Heard, Teller, merged

WINDOW = Window(100.0, 105.0, 500.0)
PAGES = ("BinNumberPage", "VerifySmsPage", "ThankYouPage")


def fill(recorder, rng, seconds, n=200):
    for _ in range(n):
        due = recorder.window.start + rng.uniform(*seconds)
        took = rng.lognormvariate(-3, 0.5)
        recorder.page(PageSample(rng.choice(PAGES), "gpay", "ok", "nobody", due, due, due + took, 100))
        recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due, due + took, ordered=True, amount=7))
        recorder.offered(due)
        recorder.started(due, 0.001, 0.0)


def sent(message):
    """The message as it arrives: through JSON, as strict as what Locust sends."""
    return json.loads(json.dumps(message))


def same(one, other):
    return one.to_json() == other.to_json()


@pytest.fixture
def rng():
    return random.Random(5)


def test_what_was_told_is_what_was_counted_however_often_it_was_told(rng):
    recorder = Recorder(WINDOW)
    teller, heard = Teller(recorder), Heard(WINDOW, most_slices=recorder.most_slices)
    for second in range(10):
        fill(recorder, rng, (second, second + 1))
        heard.hear(sent(teller.message()))
    assert same(heard.recorder, recorder)


def test_a_message_holds_only_what_is_new(rng):
    recorder = Recorder(WINDOW)
    teller = Teller(recorder)
    fill(recorder, rng, (0, 50))
    whole = teller.message()
    nothing = teller.message()
    assert nothing["pages"] == nothing["journeys"] == []
    due = WINDOW.start + 50.5
    recorder.page(PageSample("BinNumberPage", "gpay", "ok", "nobody", due, due, due + 0.1))
    little = teller.message()
    assert [(row[0][0], list(row[5])) for row in little["pages"]] == [("BinNumberPage", ["50"])]
    assert len(json.dumps(little)) < len(json.dumps(whole)) / 3


def test_a_lost_message_is_made_good_by_the_last_one(rng):
    recorder = Recorder(WINDOW)
    teller, heard = Teller(recorder), Heard(WINDOW, most_slices=recorder.most_slices)
    for second in range(6):
        fill(recorder, rng, (second, second + 1))
        message = sent(teller.message())
        if second % 2:
            heard.hear(message)
    heard.hear(sent(teller.message(whole=True)))
    assert same(heard.recorder, recorder)


def test_a_message_that_comes_twice_or_late_changes_nothing(rng):
    recorder = Recorder(WINDOW)
    teller, heard = Teller(recorder), Heard(WINDOW, most_slices=recorder.most_slices)
    fill(recorder, rng, (0, 1))
    first = sent(teller.message())
    fill(recorder, rng, (1, 2))
    second = sent(teller.message())
    assert [heard.hear(message) for message in (first, second, second, first)] == [True, True, False, False]
    assert same(heard.recorder, recorder)


def test_slices_that_have_become_longer_replace_the_short_ones(rng):
    recorder = Recorder(WINDOW, most_slices=16)
    teller, heard = Teller(recorder), Heard(WINDOW, most_slices=16)
    for second in range(0, 100, 5):
        fill(recorder, rng, (second, second + 5), n=20)
        heard.hear(sent(teller.message()))
    assert recorder.slice_length == 8.0
    assert same(heard.recorder, recorder)


def test_three_workers_with_clocks_of_their_own_add_up_to_one(rng):
    whole = Recorder(WINDOW, most_slices=16)
    heard = []
    for start, until in ((7.0, 20), (1e6, 90), (0.5, 40)):
        part = Recorder(Window(start, start + 5, start + 400), most_slices=16)
        fill(part, rng, (0, until))
        teller, one = Teller(part), Heard(WINDOW, most_slices=16)
        one.hear(sent(teller.message()))
        heard.append(one)
        whole.add(part)
    together = merged(heard, WINDOW, most_slices=16)
    assert together.counts() == whole.counts()
    assert same(together, whole)
