"""A bank's pages are read in little time. The result is a form or none, and text around the page does not change it."""

from __future__ import annotations

import time
from contextlib import contextmanager

from harness.measurement.outcomes import Outcome
from shop.contract import Page
from users.journeys.checks import check_response
from users.journeys.steps import Expectation, PageRequest, ResponseFormat

PIECES = [
    *("<form", "<form action=/pay>", "</form", "</form>", "<input", "<input name=a value=b>", "<button ", "<a ", "<a>", "<", ">", "/>"),
    *("<!--", "-->", "--!>", "<!", "<![CDATA[", "]]>", "<?", "<script>", "</script>", "<textarea>", "</textarea", "<title>", "<noscript>"),
    *(" name=", " value=", " type=submit", " checked", " disabled", "=", "'", '"', " ", "\n", "\0", "&", "&amp;", "&#", "&#x110000;", "&copy=1"),
    *("x", "é", "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}", "\N{KELVIN SIGN}", "\ud800", "9" * 50),
]  # fmt: skip
REQUEST = PageRequest(Page.BANK, path="/_bank/", expect=Expectation(ResponseFormat.HTML))
SLOW = 0.25  # seconds of processor time; the largest of these pages takes a tenth of it


def one(random):
    # Few kinds for each page: with all kinds, nearly every page would have a comment or a script without an end.
    kinds = random.sample(PIECES, 4)
    pieces = random.choices(kinds, k=random.randrange(1, 12))
    times = random.choice((1, 1, 1, 1, 10, 1_000, 20_000 // len(pieces)))
    page = (
        random.choice(("", "<form>", "<form action='/pay'>"))
        + "".join(random.choices(kinds, k=random.randrange(6)))
        + "".join(pieces) * times
    )
    if closed := random.random() < 0.5:
        page += "</form>"
    began = time.thread_time()
    response, outcome = check_response(REQUEST, 200, page.encode(errors="surrogatepass"))
    assert time.thread_time() - began < SLOW, f"{page[:200]!r}, {len(page)} characters"
    if response is None:
        assert outcome is Outcome.ENVELOPE
        return "no form"
    assert response.form is not None
    assert closed or "</form" in page
    again, _ = check_response(REQUEST, 200, b"<p>Thank you</p>" + page.encode(errors="surrogatepass") + b"<p>")
    assert again is not None
    assert again.form == response.form
    return "a form"


@contextmanager
def opened():
    yield one
