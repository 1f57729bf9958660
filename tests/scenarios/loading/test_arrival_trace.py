import pytest

from harness.errors import UsageError
from harness.run.workload import Choices
from harness.schedule.partition import partitions
from scenarios.loading.overrides import apply_overrides
from scenarios.loading.reader import build_scenario, read_scenario
from scenarios.runtime.scenario_folder import ScenarioFolder
from scenarios.schema.problems import ScenarioError
from users.population.journey_spec import TraceRow

HEAD = 'objectives = ["journey failures < 1%"]\n'


@pytest.fixture
def traced(tmp_path):
    """Write a trace and the scenario that replays it, and read that."""

    def write(trace, arrivals="", more=""):
        (tmp_path / "trace.csv").write_text(trace, encoding="utf-8")
        path = tmp_path / "own.toml"
        path.write_text(f'{HEAD}[arrivals]\ntrace = "trace.csv"\n{arrivals}\n{more}')
        return read_scenario(str(path))

    return write


@pytest.fixture
def complaints(traced):
    def complain(*arguments):
        with pytest.raises(ScenarioError) as error:
            traced(*arguments)
        return error.value.problems

    return complain


def workload_of(scenario, **choices):
    path = scenario.folder / f"{scenario.name}.toml"
    return ScenarioFolder().choose(Choices(str(path), **choices))


def test_arrivals_come_when_the_trace_says(traced):
    scenario = traced("0.0\n0.5\n0.5\n7.25\n")
    assert list(workload_of(scenario).schedule.due_times()) == [0.0, 0.5, 0.5, 7.25]
    assert (scenario.duration, scenario.profile().expected) == (8.0, 4.0)
    assert scenario.is_open


@pytest.mark.parametrize(
    "lines",
    [
        ["2026-11-25T09:00:47Z", "2026-11-25T09:00:47.500Z", "2026-11-25T10:00:54+01:00"],
        ["1795597247", "1795597247.5", "1795597254"],
        ["time", "100.0", "", "100.5", "107"],
    ],
)
def test_times_count_from_the_first_arrival_in_every_format(traced, lines):
    due = list(workload_of(traced("\r\n".join(lines))).schedule.due_times())
    assert due == pytest.approx([0.0, 0.5, 7.0], abs=1e-6)


def test_options_and_journeys_come_from_the_trace_and_the_rest_is_drawn(traced):
    rows = "".join(f"{n},{('gpay', '', 'pay_later')[n % 3]},{('guest', 'first_time', '')[n % 3]}\n" for n in range(300))
    scenario = traced(
        f"time,payment_option,journey\n{rows}", more="[payments]\ncredit_card = 1\n[journeys]\nreturning = 1\n"
    )
    workload = workload_of(scenario)
    seen = [workload.population.worker_context(0, 1)._sampler(0.0).spec_for(number) for number in range(300)]
    assert {(one.journey, one.payment_option) for one in seen[0::3]} == {("guest", "gpay")}
    assert {(one.journey, one.payment_option) for one in seen[1::3]} == {("first_time", "credit_card")}
    assert {(one.journey, one.payment_option) for one in seen[2::3]} == {("returning", "pay_later")}
    assert workload.population.weights == {"guest": 100, "returning": 100, "first_time": 100}
    assert workload.population.payment_options == ["credit_card", "gpay", "pay_later"]
    assert len({one.seed for one in seen}) == 300


def test_journeys_that_do_not_take_part_are_drawn_among_those_that_do(traced):
    workload = workload_of(traced("time,journey\n0,guest\n1,returning\n2,guest\n"))
    workload.population.restrict(["returning", "first_time"])
    assert {workload.population.kind_of(number) for number in range(3)} <= {"returning", "first_time"}


def test_doubled_arrivals_copy_their_row(traced):
    scenario = traced("time,payment_option\n0,gpay\n100,pay_later\n", "rate_scale = 10")
    scaled = scenario.trace
    assert len(scaled.trace) == 20
    assert all(
        row == TraceRow("gpay" if due < 50 else "pay_later")
        for due, row in zip(scaled.trace, scaled.trace_rows, strict=True)
    )


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_workers_share_all_arrivals_of_the_trace(traced, workers):
    schedule = workload_of(traced("".join(f"{n / 7}\n" for n in range(50)), "rate_scale = 1.7")).schedule.due_times()
    shares = partitions([{"guest": 1}] * workers)
    together = sorted(arrival for share in shares for arrival in share.of(schedule, lambda _: "guest"))
    assert together == list(enumerate(schedule))


def test_the_fingerprint_covers_the_content_of_the_trace(traced):
    first = workload_of(traced("0\n1\n2\n")).fingerprint
    assert workload_of(traced("0\n1\n2\n")).fingerprint == first
    assert workload_of(traced("0\n1\n2.5\n")).fingerprint != first
    assert workload_of(traced("time,payment_option\n0,gpay\n1,\n2.5,\n")).fingerprint != first


def test_a_changed_trace_is_read_again(traced):
    scenario = traced("0\n1\n")
    assert len(scenario.trace.trace) == 2
    (scenario.folder / "trace.csv").write_text("0\n1\n2\n")
    assert len(scenario.trace.trace) == 3


def test_the_recorded_scenario_can_be_read_again(traced):
    scenario = traced("0\n1\n2\n", "rate_scale = 2\ntime_scale = 0.5")
    again = build_scenario(scenario.as_asked(), name="again", folder=scenario.folder)
    assert list(again.trace.trace) == list(scenario.trace.trace)


# -- from the command line --------------------------------------------------------------------------------------------


def test_a_duration_stretches_the_trace(traced):
    scenario = apply_overrides(traced("0\n1\n9.5\n", more=""), {"duration": "20s"})
    assert list(scenario.trace.trace) == [0.0, 2.0, 19.0]


def test_a_rate_replaces_the_trace(traced):
    scenario = apply_overrides(traced("0\n1\n9.5\n", "rate_scale = 2"), {"arrival_rate": "3/s"})
    assert scenario.trace is None
    assert (scenario.duration, scenario.profile().peak_rate) == (10.0, 3.0)


def test_a_payment_mix_that_the_trace_overrides_is_refused(traced):
    scenario = traced("time,payment_option\n0,gpay\n")
    with pytest.raises(ScenarioError, match=r"--payment-mix"):
        apply_overrides(scenario, {"payment_mix": "gpay=1"})
    assert apply_overrides(scenario, {"payment_mix": "gpay=1", "arrival_rate": "3/s"}).mix.payments == {"gpay": 1.0}
    assert apply_overrides(traced("0\n1\n"), {"payment_mix": "gpay=1"}).mix.payments == {"gpay": 1.0}


# -- what is wrong ----------------------------------------------------------------------------------------------------


def test_every_wrong_line_is_reported_at_once(complaints):
    problems = complaints(
        "time,payment_option,journey\n0,gpay,guest\n1,gpai,guest\nsoon,,\n0.5,,gest\n0.2,,\n2,,,more\n"
    )
    assert [problem.key.rpartition(" ")[2] for problem in problems] == ["3", "4", "5", "5", "6", "7"]
    said = "\n".join(map(str, problems))
    assert "did you mean `gpay`?" in said
    assert "did you mean `guest`?" in said
    assert "not before that of the line above" in said


def test_a_thousand_wrong_lines_are_counted_and_not_listed(complaints):
    problems = complaints("time\n" + "soon\n" * 1_000)
    assert len(problems) == 21
    assert "980 more" in str(problems[-1])


@pytest.mark.parametrize(
    ("trace", "said"),
    [
        ("", "it is empty"),
        ("time\n", "at least one arrival"),
        ("moment,payment_option\n0,gpay\n", "a header of time, payment_option or journey"),
        ("payment_option\ngpay\n", "a time"),
        ("time,time\n0,1\n", "each column once"),
        ("0,gpay\n", "a header of"),
        ("nan\n", "a time"),
    ],
)
def test_an_invalid_trace_is_refused(complaints, trace, said):
    assert said in "\n".join(map(str, complaints(trace)))


def test_the_limits_also_apply_to_a_trace(complaints):
    (problem,) = complaints("".join(f"{n / 500}\n" for n in range(1_000)))
    assert "at most target.highest_rate" in problem.expected
    (problem,) = complaints("0\n1\n", 'warm_up = "5s"')
    assert problem.key == "arrivals.warm_up"
    (problem,) = complaints("time,payment_option\n0,gpay\n", "", "[payments.minimum]\ngpay = 1\n")
    assert problem.key == "payments.minimum"
    (problem,) = complaints("0\n1\n", "rate_scale = 0.0001")
    assert problem.key == "arrivals.rate_scale"


def test_a_trace_excludes_the_keys_of_a_profile(complaints):
    problems = complaints("0\n", 'rate = "3/s"\nduration = "5s"\nprocess = "poisson"', "")
    assert {problem.key for problem in problems} == {"arrivals.rate", "arrivals.duration", "arrivals.process"}


def test_scales_need_a_trace_and_a_trace_excludes_cover():
    arrivals = {"rate": 3.0, "duration": 5.0, "time_scale": 2.0}
    with pytest.raises(ScenarioError, match=r"no `time_scale` without `trace`"):
        build_scenario({"objectives": ["journey failures < 1%"], "arrivals": arrivals}, name="x")
    with pytest.raises(ScenarioError, match=r"no `cover` with a trace"):
        build_scenario(
            {"objectives": ["journey failures < 1%"], "cover": True, "arrivals": {"trace": "x.csv"}}, name="x"
        )


def test_a_missing_or_binary_trace_is_reported(traced, tmp_path):
    (tmp_path / "own.toml").write_text(f'{HEAD}[arrivals]\ntrace = "nowhere.csv"\n')
    with pytest.raises(UsageError, match=r"nowhere.csv(.|\n)*No such file"):
        ScenarioFolder().choose(Choices(str(tmp_path / "own.toml")))
    (tmp_path / "nowhere.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=r"not UTF-8|not utf-8"):
        ScenarioFolder().choose(Choices(str(tmp_path / "own.toml")))
