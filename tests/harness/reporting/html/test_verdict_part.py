"""The first screen says why, in the order of what matters, and its figures are all of the same part of the run."""

import re
from dataclasses import replace

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, Window
from harness.objectives.verdict import Finding, Severity, Verdict

MANY_EARLY, FEW_LATER = 90, 10


def tiles(page):
    """The figures by their name, as a person reads them."""
    found = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page.text)
    return {name: re.sub(r"<.*?>", " ", value).replace("\xa0", " ").strip() for name, value in found}


def short_of_users():
    """Measurements of a run in whose warm-up nearly every arrival was dropped, and one in ten later."""
    recorder = Recorder(Window(0.0, 100.0, 200.0))
    for number in range(200):
        due = number + 0.5
        recorder.offered(due)
        if number < MANY_EARLY or (number >= 100 and number % 10 == 0):
            recorder.dropped(due)
            recorder.journey(JourneySample("guest", "gpay", "dropped", "shop", due, float("inf"), float("inf")))
        else:
            recorder.started(due, 0.0, 0.0)
            recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due, due + 1, ordered=True, amount=1))
    return recorder


def test_every_figure_is_of_the_steady_part(passed, page_of):
    page = page_of(replace(passed, recorder=short_of_users()))
    assert tiles(page)["arrivals dropped"] == tiles(page)["journeys failed"] == "10 10 %"
    assert "These figures are of the steady part" in page.text


def test_a_percentile_beyond_the_failures_says_why_it_has_no_value(passed, page_of):
    found = tiles(page_of(replace(passed, recorder=short_of_users())))
    assert found["journey p95"] == "– over 5 % failed"  # noqa: RUF001 - the dash of the report
    assert found["page p95"] == "– too few samples"  # noqa: RUF001


def test_what_the_shop_did_in_an_invalid_run_comes_last_and_is_not_bold(failed, page_of):
    finding = Finding("cpu", Severity.INVALID, "checkload used 99 % of a core", "lower the rate")
    judgement = replace(failed.judgement, verdict=Verdict.INVALID, reason="checkload was busy", findings=(finding,))
    banner = page_of(replace(failed, judgement=judgement)).text.partition("</header>")[0].partition("<header")[2]
    assert (
        banner.index("checkload was busy") < banner.index("What to do: lower the rate.") < banner.index("Also seen: ")
    )
    (also,) = re.findall(r'<p class="(\w+)">Also seen: (.*?)</p>', banner)
    assert also[0] == "reason"
    assert "<code>http_5xx</code>" in also[1]
    assert 'class="causes"' not in banner


def test_a_link_of_the_contents_leads_somewhere(passed, failed, page_of):
    for result in (passed, failed, replace(passed, recorder=Recorder(Window(0.0, 100.0, 200.0)))):
        text = page_of(result).text
        places = re.findall(r'<a href="#([\w-]+)"', text)
        assert places
        assert [place for place in places if f'id="{place}"' not in text] == []
