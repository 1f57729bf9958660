"""No error text and no address of a shop makes a new metric series."""

import orjson
import pytest

from harness.measurement.recorder import Recorder
from harness.measurement.sample import PageSample, Window
from harness.metrics.collector import RunCollector
from harness.metrics.run_metrics import RunMetrics
from shop.contract import Page
from users.journeys.checks import check_response
from users.journeys.steps import Expectation, PageRequest

MANY = 10_000
REQUEST = PageRequest(Page.BIN_NUMBER, "POST", expect=Expectation(pages=frozenset({Page.INSTALLMENT})))


def refused(number):
    entry = {"page_name": "BinNumberPage", "page_context": {}}
    errors = {"non_field_errors": f"Card {number} was refused: reference {number:032x}."}
    body = orjson.dumps({"context_list": [entry], "errors": errors, "pre_order": {}, "template_name": "t"})
    return check_response(REQUEST, 200, body)


def broken(number):
    return check_response(REQUEST, 500, f"<h1>Error {number}</h1>".encode())


def sent_away(number):
    return check_response(REQUEST, 302, b"", f"https://shop.example/error/{number}")


def unreadable(number):
    return check_response(REQUEST, 200, f"{{{number}".encode())


def series(recorder):
    text = b"".join(RunCollector(lambda: RunMetrics(recorder, run_id="r", scenario="s")).text()).decode()
    return {line.rsplit(" ", 1)[0] for line in text.splitlines() if not line.startswith("#")}


@pytest.mark.parametrize("reply", [refused, broken, sent_away, unreadable])
def test_ten_thousand_error_texts_make_no_more_series_than_one(reply):
    recorder = Recorder(Window(0.0, 0.0, 100.0))
    sizes = []
    for number in range(MANY):
        _, outcome = reply(number)
        recorder.page(PageSample(Page.BIN_NUMBER, "credit_card", outcome, "shop", 50.0, 50.0, 50.1))
        if number in {0, MANY - 1}:
            sizes.append(series(recorder))
    assert sizes[0] == sizes[1]
    assert any(f'kind="{outcome}"' in one for one in sizes[0])
