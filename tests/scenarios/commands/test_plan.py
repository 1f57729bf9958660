"""The command `checkload plan`: its output, its files and its exit codes."""

import json

import pytest
from finished_runs import a_run

from harness.results.store import write
from scenarios.commands.cli import main
from scenarios.loading.files import SCENARIO_FOLDER


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    for rate in (5, 10):
        write(a_run(rate), folder / f"held-{rate}")
    write(a_run(15, page=0.2), folder / "broke-15")
    write(a_run(20, invalid=True), folder / "spoilt")
    return folder


@pytest.fixture
def forecast(tmp_path):
    def written(orders_per_minute):
        path = tmp_path / "forecast.toml"
        path.write_text(f'[orders]\nrate = "{orders_per_minute}/min"\n')
        return str(path)

    return written


@pytest.mark.parametrize(
    ("orders", "names", "code"),
    [
        (300, ("held-5", "held-10"), 0),
        (900, ("held-10", "broke-15"), 3),
        (600, ("held-10", "broke-15"), 5),
        (900, ("held-10",), 5),
        (300, ("spoilt",), 4),
        (300, ("held-10", "spoilt"), 0),
    ],
)
def test_the_exit_code_is_the_answer(results, forecast, capsys, orders, names, code):
    assert main(["plan", *(str(results / name) for name in names), "--forecast", forecast(orders)]) == code
    text = " ".join(capsys.readouterr().out.split())
    assert ("Not used: spoilt, because the harness used 99 % of a core." in text) == ("spoilt" in names)


def test_files_are_written_and_agree_with_the_exit_code(results, forecast, tmp_path, capsys):
    json_file, html_file = tmp_path / "plan.json", tmp_path / "plan.html"
    files = ("--json", str(json_file), "--html", str(html_file))
    code = main(["plan", str(results / "held-10" / "result.json"), "--forecast", forecast(300), *files])
    document = json.loads(json_file.read_text())
    assert document["exit_code"] == code == 0
    assert document["levels"][0]["source"] == "held-10"
    verdict, _, reason = document["headline"].partition(": ")
    page = html_file.read_text(encoding="utf-8")
    assert verdict in page
    assert reason[1:] in page
    assert document["headline"] in capsys.readouterr().out


def test_all_wrong_arguments_are_reported_before_any_work(results, tmp_path, capsys):
    broken = tmp_path / "broken.toml"
    broken.write_text("[orders]\nrate = 'many'\n")
    assert main(["plan", str(tmp_path / "nowhere"), str(broken), "--forecast", str(broken)]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    for part in ("nowhere", "is not a complete JSON file", "orders.rate", "a rate such as"):
        assert part in streams.err
    assert "Traceback" not in streams.err


def test_an_unwritable_file_is_an_error(results, forecast, tmp_path, capsys):
    nowhere = str(tmp_path / "no" / "plan.html")
    assert main(["plan", str(results / "held-10"), "--forecast", forecast(300), "--html", nowhere]) == 2
    assert "--html" in capsys.readouterr().err


def test_invalid_results_show_no_figures(results, forecast, capsys):
    assert main(["plan", str(results / "spoilt"), "--forecast", forecast(300)]) == 4
    text = capsys.readouterr().out
    assert "The capacity of the shop is not known" in text
    assert "journeys" not in text
    assert "Assumptions" not in text


def test_a_result_named_twice_counts_once(results, forecast, capsys):
    name = str(results / "held-10")
    assert main(["plan", name, name, "--forecast", forecast(300)]) == 0
    assert capsys.readouterr().out.count("held-10 ") == 1


def test_the_help_lists_every_key_and_every_exit_code(capsys):
    with pytest.raises(SystemExit) as end:
        main(["plan", "--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert "orders.peak_factor" in text
    assert "5 inconclusive" in text


def test_the_example_forecast_works_unchanged(results, capsys):
    assert (
        main(["plan", str(results / "held-10"), "--forecast", str(SCENARIO_FOLDER / "forecasts" / "example.toml")]) == 5
    )
    text = " ".join(capsys.readouterr().out.split())
    assert "no rate as high as the peak was measured" in text
    assert "locust --headless --scenario capacity" in text
    assert "the banks take 3 s longer" in text
