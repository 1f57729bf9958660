"""Each query of a dashboard has a result, in a real Prometheus that has scraped a real load."""

import copy
import json
import re
import time

import pytest
from running import Locust, needs
from scraping import Prometheus, a_free_port
from watching import BOARDS, EVENTFUL, Watched, read

from dashboards.examine.answer_checks import answer_problems
from dashboards.examine.panels import panels
from dashboards.examine.prometheus import Prometheus as PrometheusApi
from dashboards.examine.variables import TimeRange

pytestmark = [pytest.mark.end_to_end, needs("prometheus")]


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """Two runs, one after the other, scraped by one Prometheus."""
    folder = tmp_path_factory.mktemp("watched")
    port = a_free_port()
    file = folder / "eventful.toml"
    file.write_text(EVENTFUL)
    prometheus = Prometheus(folder / "prometheus", port)
    began = time.time()
    try:
        results = [_run(folder / str(number), file, port, seed) for number, seed in enumerate((1, 2))]
        view = TimeRange(start=began, end=time.time(), step=1.0, scrape=1.0)
        yield Watched(prometheus, [one["run_id"] for one in results], view)
    finally:
        prometheus.close()


def _run(folder, file, port, seed):
    options = ("--headless", "--scenario", str(file), "--seed", str(seed), "--processes", "2")
    master = str(a_free_port())  # another master on this machine keeps its workers
    options += ("--master-bind-port", master, "--master-port", master)
    locust = Locust(folder, *options, "--metrics-port", str(port), "--metrics-linger", "3")
    try:
        finished = locust.wait()
    finally:
        locust.close()
    assert "Traceback" not in finished.output, finished.output
    return finished.result


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_every_query_returns_series_with_the_labels_of_its_legend(watched, path):
    board = read(path)
    assert list(answer_problems(board, watched.choice(board), watched.api, watched.view, eventful=True)) == []


def test_two_runs_can_be_compared_in_one_chart(watched):
    assert len(set(watched.run_ids)) == 2
    for board in map(read, BOARDS):
        choice = watched.choice(board, run_id=watched.run_ids)
        wrong = list(answer_problems(board, choice, watched.api, watched.view))
        assert [one for one in wrong if "lines are too many" not in one] == []
        assert set(watched.run_ids) <= set(choice.offered["run_id"])


def test_the_earlier_run_is_shifted_to_the_start_of_the_later_one(watched):
    board = read(BOARDS[1])
    choice = watched.choice(board, run_id=watched.run_ids[1:], baseline=watched.run_ids[:1])
    (panel,) = [one for one in panels(board) if one["title"] == "Response time of all pages"]
    (query,) = [one["expr"] for one in panel["targets"] if one["refId"] == "baseline"]
    (moved,) = watched.api.query_range(choice.fill(query), watched.view.start, watched.view.end, 1.0)
    assert moved.labels["run_id"] == watched.run_ids[0]
    started = watched.api.query(
        f'last_over_time(checkout_load_run_start_timestamp_seconds{{run_id="{watched.run_ids[1]}"}}[1h])',
        watched.view.end,
    )
    ((_, later),) = started[0].values
    assert later <= moved.values[0][0] <= later + 15
    assert int(choice.plain["shift"]) > 15


def _without(pattern, replacement):
    return lambda text: re.sub(pattern, replacement, text, count=1)


SLIPS = {
    "a name that is not there": _without(r"page_response_seconds_bucket", "page_respnse_seconds_bucket"),
    "a label that is not there": _without(r'payment_option=~"\$payment_option"', 'option=~"$payment_option"'),
    "a value that is not there": _without(r'result="failed"', 'result="failure"'),
    "a label that was added up": _without(r"by \(run_id, payment_option\)", "by (run_id)"),
    "a query that is none": _without(r"sum by \(run_id\) \(rate", "sum by (run_id) ((rate"),
    "a variable that is not there": _without(r'run_id=~"\$run_id"', 'run_id=~"$run"'),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_broken_query_of_a_dashboard_is_noticed(watched, slip):
    (path,) = [path for path in BOARDS if path.stem == "overview"]
    board = read(path)
    broken = copy.deepcopy(board)
    changed = 0
    for panel in panels(broken):
        for target in panel["targets"]:
            if not changed and (text := SLIPS[slip](target["expr"])) != target["expr"]:
                target["expr"], changed = text, 1
    assert changed
    assert list(answer_problems(broken, watched.choice(board), watched.api, watched.view, eventful=True)) != []


def test_a_dashboard_without_series_has_more_problems_than_panels(watched):
    board = read(BOARDS[0])
    nothing = list(answer_problems(board, watched.choice(board, run_id=["never"]), watched.api, watched.view))
    assert len(nothing) > len(list(panels(board)))


def test_the_error_text_of_prometheus_is_reported(watched):
    board = json.loads(json.dumps(read(BOARDS[0])).replace("histogram_quantile", "histogram_quantil"))
    wrong = list(answer_problems(board, watched.choice(board), watched.api, watched.view))
    assert any("unknown function" in one for one in wrong)


def test_an_unreachable_prometheus_is_reported():
    with pytest.raises(Exception, match="no Prometheus answers"):
        PrometheusApi(f"http://127.0.0.1:{a_free_port()}").query("up", 0)
