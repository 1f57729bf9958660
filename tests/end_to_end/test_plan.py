"""`checkload plan` as a process, on a search for capacity over a shop of known capacity, and on nonsense."""

import bisect
import heapq
import json
import random
import re
import subprocess
import sys

import pytest
from finished_runs import NOW
from simulator import Counter, SimulatedRun

from harness.capacity.answer import capacity_answer
from harness.capacity.controller import CapacityController
from harness.capacity.model import SearchPlan
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.objectives.evaluate import evaluate_run
from harness.objectives.parser import parse
from harness.results.result import Result, RunSettings
from harness.results.store import write
from scenarios.loading.files import SCENARIO_FOLDER

pytestmark = pytest.mark.end_to_end

CLERKS, SERVICE, PAGES = 8, 0.05, ("IndexPage", "PaymentOptionSelectionPage", "BinNumberPage", "ThankYouPage")
LIMIT = CLERKS / SERVICE / len(PAGES) * 60
"""Journeys a minute that the shop's workers can serve."""
COMMAND = "import sys; from scenarios.commands.cli import main; sys.exit(main())"
OBJECTIVES = tuple(parse(text) for text in ("page response_time p95 < 250ms", "journey failures < 1%"))


def searched():
    """A finished search, on a clock of its own: its pages stand in one line before a few workers, and the bank takes a second."""
    chance, shop, recorder = random.Random(3), Counter(CLERKS), Recorder(Window(0.0, 0.0, 1e9), most_slices=512)
    came: list[float] = []
    run = SimulatedRun(recorder, lambda start, end: bisect.bisect_left(came, end) - bisect.bisect_left(came, start))
    controller = CapacityController(
        SearchPlan(start=6.0, most=200.0, budget=300.0, level=6.0, confirm=40.0, grow=1.35),
        OBJECTIVES,
        run,
    )
    events: list[tuple[float, int, int, float]] = []
    stretches, now, end, walking = [controller.begin()], 0.0, 0.0, 0
    while controller.found is None:
        for rate, seconds in stretches:
            due = end
            end += seconds
            while (due := due + chance.expovariate(rate)) < end:
                heapq.heappush(events, (due, len(came), 0, due))
                came.append(due)
        now += 0.5
        while events and events[0][0] <= now:
            moment, number, page, due = heapq.heappop(events)
            option = "credit_card" if number % 4 else "gpay"
            if page == 0:
                recorder.offered(due)
                recorder.started(due, 0.0, 0.0)
                walking += 1
            if page < len(PAGES):
                done = shop.serve(moment, chance.expovariate(1 / SERVICE))
                recorder.page(PageSample(PAGES[page], option, "ok", "nobody", moment, moment, done))
                heapq.heappush(events, (done, number, page + 1, due))
            else:
                recorder.journey(JourneySample("guest", option, "ok", "nobody", due, due, moment, ordered=True))
                walking -= 1
        run.under_way = walking
        stretches = controller.step(now)
    recorder.window = Window(0.0, 0.0, now)
    judgement = evaluate_run(recorder, controller.objectives, [])
    return Result(
        run_id="capacity-1",
        scenario="capacity",
        asked=RunSettings(scenario={}, seed=1, target="http://127.0.0.1:1/", embedded=True, steady=now),
        started_at=NOW,
        ended_at=NOW,
        recorder=recorder,
        judgement=judgement,
        exit=judgement.verdict.exit,
        capacity=capacity_answer(controller, recorder),
    )


def checkload(*arguments):
    """Run the command as a person types it; returns the exit code, the output and the errors."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, done.stdout, done.stderr


def forecast(tmp_path, orders):
    text = (
        (SCENARIO_FOLDER / "forecasts" / "example.toml")
        .read_text()
        .replace('rate = "900/min"', f'rate = "{orders}/min"')
    )
    path = tmp_path / "plan.toml"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results") / "capacity-1"
    write(searched(), folder)
    return folder


def test_a_capacity_plan_reads_the_result_of_a_search(result, tmp_path):
    page, figures = tmp_path / "plan.html", tmp_path / "plan.json"
    code, said, _ = checkload("plan", result, "--forecast", forecast(tmp_path, 600), "--html", page, "--json", figures)
    assert code == 0, said
    assert said.startswith("FITS: the forecast peak fits")
    document = json.loads(figures.read_text())
    assert 0.6 * LIMIT < document["carries"]["likely"] * 60 < LIMIT
    assert 0.9 * LIMIT < document["curve"]["most"] * 60 < 1.2 * LIMIT
    for part in (
        "as a search found and a run of its own confirmed",
        "Headroom at the peak:",
        "First to give way: page response_time p95 < 250ms",
        "it takes 2 instances",
        "Universal Scalability Law",
        "typical residual",
        "1.1 times",
        "all shoppers pay by card",
        "the banks take 3 s longer",
        "SMS take 5 s longer",
        "Assumptions",
    ):
        assert part in " ".join(said.split()), part
    html = page.read_text()
    assert "model, not measured" in html
    assert not re.search(r"(src|href)=.?https?:", html), "the page must be whole without a network"


def test_a_peak_above_the_capacity_does_not_fit(result, tmp_path):
    code, said, _ = checkload("plan", result, "--forecast", forecast(tmp_path, 4_000))
    assert code == 3
    assert said.startswith("DOES NOT FIT")


def test_all_errors_are_listed_at_once(result, tmp_path):
    nonsense = tmp_path / "nonsense.toml"
    nonsense.write_text(
        'confidence = "110%"\n[orders]\nrate = "lots"\n[instances]\nnow = 0\n[[what_if]]\npaymnts = {}\n'
    )
    code, said, complaint = checkload("plan", result, tmp_path / "nowhere", "--forecast", nonsense)
    assert (code, said) == (2, "")
    for part in ("nowhere", "confidence", "110%", "orders.rate", "lots", "instances.now", "paymnts", "payments"):
        assert part in complaint, part
