"""A result is written whole, read back, checked, and free of secrets."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files

import jsonschema
import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from harness.exits import Exit
from harness.measurement.sample import PageSample
from harness.measurement.totals import RunTotals
from harness.metrics.collector import RunCollector
from harness.metrics.run_metrics import RunMetrics
from harness.objectives.verdict import Verdict
from harness.reporting.console import console
from harness.reporting.report import RENDERINGS
from harness.results.store import ResultError, new_folder, read, redacted, write

SCHEMA = json.loads(files("harness.results").joinpath("result.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
CARD = "4111111111111111"
PASSWORD = "hunter2&<more>"
LATER = {"parted", "stalls", "shortest_run"}
"""What results of this schema version did not have from the start, and need not have to be read."""


def document(result):
    return orjson.loads(orjson.dumps(result.to_json()))


def problems(document):
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)]


def test_a_result_reads_back_as_written(rich, tmp_path):
    written = write(rich, tmp_path / "run")
    again = read(tmp_path / "run")
    assert again.to_json() == rich.to_json() == written.result.to_json()
    assert again.judgement == rich.judgement
    assert again.asked == rich.asked
    assert (again.started_at, again.ended_at, again.exit) == (rich.started_at, rich.ended_at, Exit.FAILED)
    assert again.ledger == rich.ledger
    assert console(again) == console(rich)


def test_a_result_is_read_from_its_folder_or_its_file(passed, tmp_path):
    write(passed, tmp_path)
    assert read(tmp_path).run_id == read(tmp_path / "result.json").run_id == passed.run_id


def test_the_result_and_its_renderings_are_written_and_no_temporary_file(passed, tmp_path):
    write(passed, tmp_path, renderings=RENDERINGS)
    assert {path.name for path in tmp_path.iterdir()} == {"result.json", *RENDERINGS}


def test_symbolic_links_are_not_followed(passed, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("precious")
    names = ("result.json", *RENDERINGS)
    for name in (*names, *(f".{name}.unfinished" for name in names)):
        (tmp_path / name).symlink_to(elsewhere)
    write(passed, tmp_path, renderings=RENDERINGS)
    assert elsewhere.read_text() == "precious"
    assert not any((tmp_path / name).is_symlink() for name in names)
    assert read(tmp_path).run_id == passed.run_id


def test_a_failed_rendering_does_not_affect_the_result(passed, tmp_path, caplog):
    (tmp_path / "summary.md").mkdir()
    write(passed, tmp_path, renderings=RENDERINGS)
    assert {path.name for path in tmp_path.iterdir()} == {"result.json", *RENDERINGS}
    assert read(tmp_path).run_id == passed.run_id
    assert f"{tmp_path / 'summary.md'} cannot be written: Is a directory" in caplog.text


def test_a_failed_write_is_an_error_and_leaves_no_temporary_file(passed, tmp_path):
    (tmp_path / "result.json").mkdir()
    with pytest.raises(OSError, match="directory"):
        write(passed, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


def test_a_number_too_large_for_json_is_written_as_text(passed, tmp_path):
    asked = replace(passed.asked, scenario={"seed": 10**24, "target": {"most_users": 10**24}})
    write(replace(passed, asked=asked), tmp_path)
    assert '"most_users": 1000000000000000000000000' in (tmp_path / "result.json").read_text()
    assert read(tmp_path).counts == passed.counts


def test_a_result_is_replaced_as_a_whole(passed, failed, tmp_path):
    write(passed, tmp_path)
    write(failed, tmp_path)
    assert read(tmp_path).judgement.verdict is Verdict.FAILED


def test_result_console_junit_and_metrics_have_the_same_counts(rich, tmp_path):
    write(rich, tmp_path)
    ours = RunTotals.of(rich.recorder)
    assert read(tmp_path).counts == ours
    assert document(rich)["counts"] == asdict(ours)
    text = b"".join(RunCollector(lambda: RunMetrics(read(tmp_path).recorder, "r", "baseline")).text()).decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    def published(name, **labels):
        name = f"checkout_load_{name}"
        return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())

    assert published("page_duration_seconds_count") == ours.pages
    assert published("page_duration_seconds_count", result="failure") == ours.failed_pages
    assert published("journeys_completed_total") == ours.journeys
    assert published("journeys_completed_total", result="failed") == ours.failed_journeys
    assert published("orders_total") == ours.orders
    for option, orders in ours.orders_by_option.items():
        assert published("orders_total", payment_option=option) == orders
    shown = " ".join(console(rich).split())
    assert f"{ours.pages:,} pages ({ours.failed_pages} failed)" in shown
    assert f"{ours.journeys:,} journeys ({ours.failed_journeys} failed), {ours.orders:,} orders" in shown
    assert rich.ledger.agrees
    assert (rich.ledger.pages_ours, rich.ledger.orders_ours) == (ours.pages, ours.orders)


def spoil(result, tmp_path, change):
    spoiled = document(result)
    change(spoiled)
    (tmp_path / "result.json").write_bytes(orjson.dumps(spoiled))
    with pytest.raises(ResultError) as raised:
        read(tmp_path)
    return str(raised.value)


def test_another_version_is_refused(passed, tmp_path):
    said = spoil(passed, tmp_path, lambda spoiled: spoiled.update(schema_version=2))
    assert "has version 2, but this checkload reads version 1" in said


def test_an_incomplete_file_is_refused(passed, tmp_path):
    write(passed, tmp_path)
    whole = (tmp_path / "result.json").read_bytes()
    (tmp_path / "result.json").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ResultError, match="not a complete JSON file; it may have been cut off"):
        read(tmp_path)


@pytest.mark.parametrize("content", [b"[]", b"{}", b'"x"', b'{"results": []}'])
def test_any_other_json_is_refused(content, tmp_path):
    (tmp_path / "result.json").write_bytes(content)
    with pytest.raises(ResultError, match="is not the result of a run"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["", "result.json", "nowhere/result.json"])
def test_a_missing_file_is_an_error(name, tmp_path):
    with pytest.raises(ResultError, match=r"result\.json: cannot be read \(No such file"):
        read(tmp_path / name)


def test_a_damaged_result_is_refused(passed, tmp_path):
    assert "is damaged" in spoil(passed, tmp_path, lambda d: d["asked"].pop("seed"))
    assert "counts is missing" in spoil(passed, tmp_path, lambda d: d.pop("counts"))
    assert "is damaged" in spoil(passed, tmp_path, lambda d: d["judgement"].update(verdict="fine"))
    assert "is damaged" in spoil(passed, tmp_path, lambda d: d.update(measured=None))
    assert "do not agree with its measurements" in spoil(passed, tmp_path, lambda d: d["counts"].update(orders=1))
    assert "do not add up" in spoil(
        passed, tmp_path, lambda d: d["measured"]["pages"][0]["response"].update(infinite=99)
    )


def test_a_result_that_contradicts_itself_is_refused(passed, failed, tmp_path):
    said = spoil(failed, tmp_path, lambda d: d.update(exit_code=0))
    assert "its exit code does not agree with its verdict" in said
    said = spoil(failed, tmp_path, lambda d: (d.update(exit_code=0), d["judgement"].update(verdict="passed")))
    assert "a finding contradicts it" in said
    said = spoil(passed, tmp_path, lambda d: d["judgement"]["findings"][0].update(level="invalid"))
    assert "a finding contradicts it" in said


def test_an_error_lists_the_faults_of_a_damaged_result(passed, tmp_path):
    def damage(document):
        document["stopped"] = 7
        document["asked"]["seed"] = "one"
        document["judgement"]["objectives"][0]["samples"] = -1
        for row in document["measured"]["pages"]:
            row["received"] = None

    said = spoil(passed, tmp_path, damage)
    for part in ("stopped is not a text", "asked.seed is not a whole number", "objectives[0].samples is not 0 or more"):
        assert part in said
    assert "measured.pages" in said or "and more" in said
    assert len(said) < 600


@pytest.mark.parametrize("depth", [50, 900, 100_000])
def test_a_result_with_a_deeply_nested_scenario_is_refused(passed, tmp_path, depth):
    write(passed, tmp_path)
    whole = (tmp_path / "result.json").read_bytes()
    nested = b'"scenario":{"x":' + b"[" * depth + b"]" * depth + b","
    (tmp_path / "result.json").write_bytes(whole.replace(b'"scenario":{', nested, 1))
    with pytest.raises(ResultError, match=r"too deep|not a complete JSON"):
        read(tmp_path)


NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_folder_is_named_after_scenario_and_utc_time(tmp_path):
    east = NOW.astimezone(timezone(timedelta(hours=3)))
    assert new_folder(tmp_path / "results", "baseline", east) == tmp_path / "results" / "baseline-20260102T030405Z"


def test_a_folder_is_never_used_twice(tmp_path):
    names = [new_folder(tmp_path, "baseline", NOW).name for _ in range(3)]
    stem = "baseline-20260102T030405Z"
    assert names == [stem, f"{stem}-2", f"{stem}-3"]


@pytest.mark.parametrize(
    ("scenario", "name"), [("my/own.toml", "own"), ("../../etc/a b", "a-b"), ("..", "run"), ("", "run"), ("ü", "run")]
)
def test_a_scenario_name_cannot_leave_the_results_folder(scenario, name, tmp_path):
    folder = new_folder(tmp_path, scenario, NOW)
    assert folder.parent == tmp_path
    assert folder.name == f"{name}-20260102T030405Z"


def leaking(result):
    """A result with a password and card numbers in every field that can hold a text."""
    objectives = tuple(
        replace(one, sentence=f"{one.sentence} for {PASSWORD} and 4111 1111 1111 1111")
        for one in result.judgement.objectives
    )
    findings = tuple(replace(one, message=f"{PASSWORD} {CARD}") for one in result.judgement.findings)
    recorder = result.recorder.with_renamed_labels(lambda label: label)
    recorder.page(PageSample(f"page of {CARD}", PASSWORD, "ok", "nobody", 20.0, 20.0, 20.1))
    return replace(
        result,
        recorder=recorder,
        stopped=f"stopped at {CARD[:4]}-{CARD[4:8]}-{CARD[8:12]}-{CARD[12:]}",
        judgement=replace(result.judgement, reason=f"because of {PASSWORD}", objectives=objectives, findings=findings),
        asked=replace(
            result.asked,
            scenario={"account": {"password": PASSWORD, PASSWORD: [int(CARD), CARD]}},
            overrides={"card": int(CARD)},
        ),
        versions={"python": PASSWORD},
    )


def test_no_secret_and_no_card_number_is_written(rich, tmp_path):
    write(leaking(rich), tmp_path, secrets=[PASSWORD], renderings=RENDERINGS)
    for name in ("result.json", *RENDERINGS):
        content = (tmp_path / name).read_text()
        bare = content.replace(" ", "").replace("-", "")
        assert CARD not in bare, name
        assert "hunter2" not in content, name
    again = read(tmp_path)
    assert problems(document(again)) == []
    assert again.counts.pages == rich.counts.pages + 1
    (finding,) = [one for one in again.judgement.findings if one.check == "secrets"]
    assert "was removed from the results" in finding.message


def test_the_secret_does_not_reach_the_console_either(rich):
    shown = console(redacted(leaking(rich), [PASSWORD]))
    assert "hunter2" not in shown
    assert "1111" not in shown


def test_a_result_without_secrets_is_unchanged(rich):
    assert redacted(rich, [PASSWORD, "another secret"]).to_json() == rich.to_json()


def test_a_password_that_equals_an_own_word_changes_nothing(rich, tmp_path):
    write(rich, tmp_path, secrets=["passed", "shop", "steady", "open", "", "1", "page"])
    assert read(tmp_path).counts.pages == rich.counts.pages
    assert problems(document(read(tmp_path))) == []


def test_a_result_of_an_earlier_version_is_read(rich):
    def without(value):
        if isinstance(value, dict):
            return {name: without(each) for name, each in value.items() if name not in LATER}
        return [without(each) for each in value] if isinstance(value, list) else value

    old = without(document(rich))
    assert not problems(old)
    assert RunTotals.of(type(rich).from_json(old).recorder) == RunTotals.of(rich.recorder)
