"""The command `checkload judge`: a finished run is judged again by other objectives."""

from dataclasses import replace

import pytest
from finished_runs import a_run

from harness.exits import Exit
from harness.measurement.recorder import Recorder
from harness.measurement.sample import PageSample, Window
from harness.results.store import RESULT, write
from scenarios.commands.cli import main


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    write(a_run(10), folder / "run")
    write(a_run(10, invalid=True), folder / "invalid")
    write(replace(a_run(10), stopped="the verdict was certain after 40 s"), folder / "early")
    write(replace(a_run(10), exit=Exit.CRASHED), folder / "crashed")
    common = Recorder(Window(0.0, 0.0, 100.0), sliced_options={"gpay"})
    for due, option in enumerate(("gpay", "masterpass", "credit_card") * 30):
        common.page(PageSample("IndexPage", option, "ok", "nobody", due, due, due + 0.01))
    write(replace(a_run(10), recorder=common), folder / "common")
    return folder


@pytest.fixture
def judge(results, tmp_path):
    def with_objectives(text, *, run="run", options=()):
        path = tmp_path / "other.toml"
        path.write_text(text)
        return main(["judge", str(results / run), "--objectives", str(path), *options])

    return with_objectives


@pytest.mark.parametrize(
    ("objective", "code", "says"),
    [
        ("page.IndexPage response_time p95 < 60ms", 0, "PASSED"),
        ("page.IndexPage response_time p95 < 40ms", 3, "FAILED"),
        ("page.IndexPage response_time p99.99 < 60ms", 5, "INCONCLUSIVE"),
        ("page.MasterpassCompletePage failures < 1%", 5, "so there is nothing to judge"),
    ],
)
def test_the_verdict_follows_the_other_objectives(judge, capsys, objective, code, says):
    assert judge(f'objectives = ["{objective}"]') == code
    out = capsys.readouterr().out
    assert says in out
    assert objective.split(" <", maxsplit=1)[0] in out


def test_a_scenario_serves_as_the_file_of_objectives(judge):
    assert judge('objectives = ["page response_time p50 < 1s"]\n[arrivals]\nrate = "3/s"\n') == 0


def test_the_stored_result_does_not_change(judge, results):
    before = (results / "run" / RESULT).read_bytes()
    assert judge('objectives = ["page response_time p50 < 1ms"]', options=("--format", "junit")) == 3
    assert (results / "run" / RESULT).read_bytes() == before


def test_an_invalid_run_stays_invalid(judge, capsys):
    assert judge('objectives = ["page response_time p50 < 1h"]', run="invalid") == 4
    assert "The harness used 99 % of a core" in " ".join(capsys.readouterr().out.split())


def test_a_run_that_ended_early_is_judged_with_a_warning(judge, capsys):
    assert judge('objectives = ["page response_time p50 < 1h"]', run="early") == 0
    assert "did not decide when" in " ".join(capsys.readouterr().out.split())


def test_a_crashed_run_is_not_judged(judge, capsys):
    assert judge('objectives = ["page response_time p50 < 1h"]', run="crashed") == 2
    assert "run it again" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["masterpass", "credit_card"])
def test_pages_of_an_option_need_an_objective_of_the_run_itself(judge, capsys, option):
    named = f"page[payment={option}] response_time p50 < 1s"
    assert judge(f'objectives = ["page response_time p50 < 1s", "{named}"]', run="common") == 2
    error = capsys.readouterr().err
    assert named in error
    assert "run it again" in error
    assert len(error.splitlines()) == 1
    assert judge(f'objectives = ["{named.replace(option, "gpay")}"]', run="common") == 0


def test_every_error_is_reported_at_once(judge, capsys):
    wrong = 'objectives = ["page.IndxPage failures < 1%", "page failures < 1", 7]'
    assert judge(wrong, run="nowhere") == 2
    error = capsys.readouterr().err
    for words in ("did you mean IndexPage?", "objectives[1]", "objectives[2]: expected a text", "nowhere"):
        assert words in error


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("think = 1", 'write objectives = ["'),
        ("", "it is empty"),
        ("objectives = []", 'write objectives = ["'),
        ('objective = ["page failures < 1%"]', "rename objective to objectives"),
        ("objectives = [", "valid TOML"),
    ],
)
def test_a_file_without_objectives_is_refused(judge, capsys, text, says):
    assert judge(text) == 2
    assert says in capsys.readouterr().err
