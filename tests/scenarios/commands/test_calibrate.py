import gzip
import re
import tomllib
from functools import lru_cache

import pytest
from shop_logs import lines

from harness.errors import UsageError
from scenarios.calibration.log_reader import LineCounts, read_requests
from scenarios.calibration.logged_request import SessionNumbers
from scenarios.calibration.text_lines import TextLines
from scenarios.commands.cli import main
from scenarios.loading.reader import read_scenario
from users.population.journey_spec import JourneyMix, SmsScript
from users.population.think import ThinkTimes

pytestmark = pytest.mark.calibration

MIX = JourneyMix(
    journeys={"guest": 5, "returning": 2.5, "first_time": 1.5, "abandoning": 1},
    payments={"credit_card": 5, "pay_on_delivery": 3, "funds_transfer": 1, "cash_register": 1},
    sms={SmsScript.RIGHT: 7, SmsScript.WRONG: 2, SmsScript.RESEND: 1},
    three_d=0.3,
    declined=0.1,
)
THINK = ThinkTimes(5.0, 0.6, pages={"BinNumberPage": 12.0})
SECRETS = re.compile(r"s3cret|5ecret|jane|203\.0\.|Mozilla|1764\d{6}|Nov/2025")


@lru_cache
def log_of(journeys=900, **options):
    return list(lines(MIX, THINK, journeys, **{"seed": 1, **options}))


@pytest.fixture
def calibrate(tmp_path, capsys):
    """Write a log, calibrate on it, and return exit code, scenario file and output."""

    def go(log, *arguments, name="access.log"):
        path = tmp_path / name
        if isinstance(log, bytes):
            path.write_bytes(log)
        else:
            path.write_text("".join(log), encoding="utf-8")
        output = tmp_path / "own.toml"
        code = main(["calibrate", str(path), "-o", str(output), *arguments])
        return code, output, capsys.readouterr().err

    return go


def share(weights, name):
    return weights[name] / sum(weights.values())


@pytest.mark.parametrize("form", ["combined", "json", "apache"])
def test_calibration_recovers_the_mix_of_the_log(calibrate, form):
    code, output, _said = calibrate(log_of(1_500, form=form, asked=0.8))
    assert code == 0
    found = read_scenario(str(output))
    for mine, truth in (
        (found.mix.journeys, MIX.journeys),
        (found.mix.payments, MIX.payments),
        (found.mix.sms, MIX.sms),
    ):
        assert set(mine) == set(truth)
        for name in truth:
            assert share(mine, name) == pytest.approx(share(truth, name), abs=0.07)
    assert found.document.sms.share == pytest.approx(0.8, abs=0.04)
    assert found.mix.three_d == pytest.approx(0.3, abs=0.05)
    assert found.mix.declined == pytest.approx(0.1, abs=0.03)
    assert found.arrival_process.value == "poisson"
    assert found.profile().peak_rate == pytest.approx(5.0, rel=0.1)
    if form != "apache":  # which knows whole seconds only
        assert found.think.pages["BinNumberPage"] == pytest.approx(12.0, rel=0.05)
        assert found.think.pages["InstallmentSelectionPage"] == pytest.approx(5.0, rel=0.05)
        assert found.think.sigmas["InstallmentSelectionPage"] == pytest.approx(0.6, rel=0.1)


def test_whole_seconds_give_think_times_with_a_warning(calibrate):
    _, output, _ = calibrate(log_of(form="apache"))
    assert read_scenario(str(output)).think.pages["BinNumberPage"] == pytest.approx(12.0, rel=0.1)
    assert "whole seconds" in output.read_text()


def test_every_number_has_a_comment_with_its_source(calibrate):
    _, output, _ = calibrate(log_of())
    numbers = [line for line in output.read_text().splitlines() if re.match(r"^\w+ = ['\"]?[\d.]", line)]
    own = {"seed = 1", "Bank = 0"}
    assert len(numbers) > 30
    for line in numbers:
        derived = line.startswith(("drain = ", "warm_up = ", "duration = "))  # from how long journeys took
        assert line.partition(" #")[0] in own or "95 % interval" in line or derived, line


@pytest.mark.parametrize("form", ["combined", "json", "apache", "common"])
def test_no_secret_of_the_log_reaches_scenario_trace_or_screen(calibrate, tmp_path, form):
    noise = [line.replace("/product/17/", "/people/jane@example.com/s3cret/") for line in log_of(300, form=form)]
    code, output, said = calibrate(
        [*log_of(form=form), *noise, "203.0.113.9 jane s3cret\n"], "--trace", str(tmp_path / "trace.csv")
    )
    assert code == 0, said
    for text in (output.read_text(), (tmp_path / "trace.csv").read_text(), said):
        assert SECRETS.findall(text) == []


def test_a_compressed_log_is_the_same_log(calibrate, tmp_path):
    _, plain, _ = calibrate(log_of())
    text = plain.read_text()
    calibrate(gzip.compress("".join(log_of()).encode()), "--overwrite", name="access.log.gz")
    assert plain.read_text() == text
    assert tomllib.loads(text)["seed"] == 1


def test_a_log_with_too_few_journeys_is_refused(calibrate):
    code, output, said = calibrate(log_of(150))
    assert code == 2
    assert re.match(r"only 1[45]\d journeys reached the checkout; a scenario needs at least 200\.", said)
    assert not output.exists()


def test_a_few_bad_lines_are_counted_and_many_are_refused(calibrate):
    good = log_of(400)
    _, _, said = calibrate([*good, *(["what is this\n"] * 20)])
    assert f"{len(good) + 20:,} lines, 20 of them unreadable" in said
    code, _, said = calibrate([*good, *(["what is this\n"] * 2_000)], "--overwrite")
    assert code == 2
    assert "2,000 of" in said
    assert f"line {len(good) + 1}: not in the common or combined form" in said


def test_another_kind_of_file_is_refused_early(calibrate):
    code, _, said = calibrate(["no log\n"] * 5_000)
    assert code == 2
    assert "1,000 of 1,000 lines" in said


def test_unknown_paths_are_listed_with_counts(calibrate):
    search = '203.0.113.9 - - [25/Nov/2025:09:00:47 +0000] "GET /search/?q=s3cret HTTP/1.1" 200 1 "-" "x" 0.010\n'
    _, _, said = calibrate([*log_of(400), *([search] * 42)])
    assert re.search(r"^ +42  /search/$", said, re.MULTILINE)


def test_bursts_are_reported_and_a_trace_replays_them(calibrate, tmp_path):
    log = log_of(burst=8)
    _, output, said = calibrate(log)
    assert "bursty" in said
    assert "--trace" in output.read_text()
    code, output, said = calibrate(log, "--trace", str(tmp_path / "trace.csv"), "--overwrite")
    assert code == 0, said
    rows = (tmp_path / "trace.csv").read_text().splitlines()
    assert rows[0] == "time,payment_option,journey"
    assert len(rows) == 901 - int(re.search(r"(\d+) that had not ended", said)[1])
    assert [float(row.split(",")[0]) for row in rows[1:]] == sorted(float(row.split(",")[0]) for row in rows[1:])


def test_the_busiest_hour_is_written_in_stages(calibrate):
    code, output, _ = calibrate(log_of(4_200, rate=1.0), "--load", "hour")
    assert code == 0
    profile = read_scenario(str(output)).profile()
    assert (len(profile.stages), profile.duration) == (12, 3_600.0)
    assert profile.expected == pytest.approx(3_600, rel=0.06)
    code, _, said = calibrate(log_of(400), "--load", "hour", "--overwrite")
    assert code == 2
    assert "minutes long" in said


def test_the_drain_is_long_enough_for_the_last_arrivals(calibrate):
    _, output, _ = calibrate(list(lines(MIX, ThinkTimes(0.5, 0.3), 600, seed=1)))
    assert "drain" not in output.read_text()  # half a minute, which is given anyhow, is enough
    for arguments in ([], ["--trace", str(output.with_name("trace.csv"))]):
        _, output, said = calibrate(log_of(), "--overwrite", *arguments)
        usual = float(re.search(r"took (\d+) s \(median\)", output.read_text())[1])
        assert usual > 30, said
        assert float(tomllib.loads(output.read_text())["arrivals"]["drain"].removesuffix("s")) > 1.5 * usual
        assert read_scenario(str(output))


def test_existing_files_stay_and_a_refusal_leaves_no_files(calibrate, tmp_path):
    trace = tmp_path / "trace.csv"
    calibrate(log_of(400), "--trace", str(trace))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    code, _, said = calibrate(log_of(400), "--trace", str(trace))
    assert code == 2
    assert said.count("--overwrite") == 2
    calibrate(log_of(100), "--trace", str(trace), "--overwrite", name="short.log")
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.name != "short.log"}
    assert after == before


def test_all_wrong_options_are_reported_at_once(tmp_path, capsys):
    (tmp_path / "a.log").write_text("")
    asked = ["--gap", "soon", "--bad-lines", "7", "--json-keys", "what=x", "-o", str(tmp_path / "no" / "a.txt")]
    assert main(["calibrate", str(tmp_path / "a.log"), *asked]) == 2
    said = capsys.readouterr().err
    assert [name in said for name in ("--gap", "--bad-lines", "--json-keys", "does not exist", ".toml")] == [True] * 5


def test_a_damaged_archive_is_reported_without_a_traceback(calibrate):
    for damaged in (gzip.compress("".join(log_of(400)).encode())[:5_000], b"\x1f\x8bnonsense"):
        code, _, said = calibrate(damaged)
        assert code == 2
        assert "compressed file is cut off or damaged" in said or "not a gzipped" in said


def test_many_shoppers_behind_one_address_are_refused(calibrate):
    code, output, said = calibrate([re.sub(r"^\S+ ", "203.0.113.1 ", line) for line in log_of(form="common")])
    assert code == 2
    assert "one client is many shoppers" in said
    assert "session=$cookie_osessionid" in said
    assert not output.exists()


def test_logs_in_the_wrong_order_are_refused(calibrate, tmp_path):
    early, late = log_of(1_500, rate=0.2), log_of(1_500, rate=0.2)
    code, _, said = calibrate([*late, *early])
    assert code == 2
    assert "oldest log first" in said


def test_one_endless_line_is_read_in_bounded_pieces(tmp_path):
    path = tmp_path / "a.log"
    path.write_text("x" * 3_000_000 + "\n" + log_of(1)[0])
    counted = LineCounts()
    text = TextLines(SessionNumbers(), "osessionid", ())
    assert len(list(read_requests([str(path)], text, text, counted, 1.0))) == 1
    assert (counted.read, counted.bad) == (2, 1)


def test_a_missing_log_is_reported(capsys):
    assert main(["calibrate", "nowhere.log"]) == 2
    assert capsys.readouterr().err.startswith("nowhere.log: no such file or directory")
    with pytest.raises(UsageError):
        LineCounts(read=10, bad=9).refuse_too_many_bad_lines(0.5)


def test_open_journeys_at_the_end_of_the_log_are_not_counted(calibrate):
    whole = log_of()
    code, _, said = calibrate(whole)  # all of it within half an hour: no session is closed by silence
    assert code == 0
    done, going = (
        int(re.search(r"([\d,]+) journeys", said)[1].replace(",", "")),
        int(re.search(r"(\d+) that had not ended", said)[1]),
    )
    assert done + going == 900
    assert going < 45
    _, output, short = calibrate(whole[: len(whole) // 2], "--overwrite")
    assert int(re.search(r"(\d+) that had not ended", short)[1]) > going
    assert share(read_scenario(str(output)).mix.journeys, "abandoning") == pytest.approx(0.1, abs=0.05)
