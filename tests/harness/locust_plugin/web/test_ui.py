"""The start form of the web UI, and the state that the page shows."""

from types import SimpleNamespace

import pytest
from flask import Flask
from locust_environments import locust_options, user_class
from werkzeug.datastructures import MultiDict
from workloads import FakeProvider, FakeWorkload

from harness.locust_plugin.options import choices
from harness.locust_plugin.web.form import UserSettings
from harness.locust_plugin.web.ui import CheckloadUi
from harness.locust_plugin.web.ui_state import UiState
from harness.run.run import Run


def load():
    """A closed workload for guests."""
    return FakeWorkload(weights={"guest": 5.0}, allowed=("shop.example",))


@pytest.fixture
def front():
    """The front of a Locust started with these options, its environment, and the present run."""

    def start(**options):
        guest = user_class("Guest", "guest")
        environment = SimpleNamespace(
            parsed_options=locust_options(**{"class_picker": False, **options}),
            user_classes=[guest],
            available_user_classes={"Guest": guest, "Abandoning": user_class("Abandoning", "abandoning")},
            runner=SimpleNamespace(state="ready", shape_greenlet=None),
            host=None,
        )
        program, pool, now = (
            FakeProvider(lambda _choices: load()),
            UserSettings(),
            SimpleNamespace(run=None, finished=None, failure=""),
        )
        made = CheckloadUi(
            environment,
            program,
            pool,
            lambda asked: program.choose(choices(asked, pool.users(asked))),
            lambda: UiState(now.run, now.finished, now.failure),
        )
        return made, environment, now

    return start


FORM = {"user_count": "12", "spawn_rate": "100", "host": "", "run_time": "", "scenario": "smoke", "payment_mix": ""}


def ask(made, **changes):
    return made.check_start_form(MultiDict({**FORM, **changes}))


def test_of_two_forms_at_the_same_time_only_one_starts_a_run(front, monkeypatch):
    made, environment, _ = front()
    choose = made._choose

    def slowly(options):
        environment.runner.shape_greenlet = "that of the other form"
        return choose(options)

    monkeypatch.setattr(made, "_choose", slowly)
    assert "A run is on" in ask(made, payment_mix="gpay=1")
    assert not environment.parsed_options.payment_mix


def test_no_run_starts_beside_a_comparison(front):
    made, _, _ = front()
    made.runs = SimpleNamespace(busy=True)
    assert "Wait until it is done" in ask(made)
    made.runs = SimpleNamespace(busy=False)
    assert ask(made) is None


def test_a_valid_form_becomes_the_options_of_the_next_run(front):
    made, environment, _ = front(run_time=6)
    assert ask(made, payment_mix="gpay=1") is None
    options = environment.parsed_options
    assert (options.scenario, options.payment_mix, options.run_time) == ("smoke", "gpay=1", None)
    assert [field.value for field in made.fields()][:2] == ["smoke", "gpay=1"]


def test_a_wrong_form_changes_nothing_and_reports_everything(front):
    made, environment, _ = front()
    reported = ask(made, scenario="nonsense", user_count="0", spawn_rate="0", run_time="soon")
    for part in ("nonsense", "Number of users 0", "Ramp up", "Run time"):
        assert part in reported
    assert "--" not in reported.replace("--scenario when Locust starts", "")
    assert environment.parsed_options.scenario == "baseline"


@pytest.mark.parametrize(
    "path",
    [
        "/proc/self/fd/7",
        "/proc/self/environ",
        "own.toml",
        "./own.toml",
        "../scenarios/baseline.toml",
        "/etc/shadow",
        "baseline.toml",
    ],
)
def test_the_form_names_known_scenarios_and_no_file(front, path):
    made, environment, _ = front()
    read = environment.read = []
    made._choose = lambda asked: read.append(asked.scenario) or load()
    reported = ask(made, scenario=path)
    assert repr(path) in reported
    assert "baseline, smoke" in reported
    assert read == ["baseline"]  # for what else may be wrong
    assert environment.parsed_options.scenario == "baseline"


def test_the_file_of_the_command_line_stays_among_the_choices(front):
    made, environment, _ = front(scenario="own/load.toml")
    made._choose = lambda asked: load()
    assert ask(made, scenario="smoke") is None
    assert environment.parsed_options.scenario == "smoke"
    assert made.fields()[0].choices == ["baseline", "smoke", "own/load.toml"]
    assert ask(made, scenario="own/load.toml") is None
    assert "none of baseline, smoke, own/load.toml;" in ask(made, scenario="own/other.toml")


def test_locust_gets_the_checked_values(front):
    made, _, _ = front()
    typed = MultiDict({**FORM, "scenario": " smoke ", "host": " http://shop.example "})
    assert made.check_start_form(typed) is None
    assert (typed["scenario"], typed["host"]) == ("smoke", "http://shop.example")


def test_empty_numbers_are_those_of_the_scenario_for_locust_and_no_choice(front):
    made, environment, _ = front()
    form = MultiDict({**FORM, "user_count": "", "spawn_rate": ""})
    assert made.check_start_form(form) is None
    assert (form["user_count"], form["spawn_rate"]) == ("3", "100.0")
    assert made._user_settings.users(environment.parsed_options) is None
    assert ask(made, user_count="12") is None
    assert '"users": "12"' in made.form_head()  # it is still there when the page is loaded again


@pytest.mark.parametrize("number", ["-5", "1.5", "many", "1e9"])
def test_an_impossible_number_of_users_is_refused(front, number):
    made, _, _ = front()
    assert "Number of users" in ask(made, user_count=number)


def test_the_scenario_files_of_the_folder_are_offered_as_they_were_at_the_start(front, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scenario = 'objectives = ["journey failures < 1%"]\n[arrivals]\nrate = "1/s"\nduration = "9s"\n'
    (tmp_path / "shop.toml").write_text(scenario)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')
    (tmp_path / "broken.toml").write_text("[[[")
    (tmp_path / "folder.toml").mkdir()
    made, _, _ = front()
    (tmp_path / "later.toml").write_text(scenario)
    assert made.fields()[0].choices == ["baseline", "smoke", "./shop.toml"]
    made._choose = lambda _asked: load()
    assert ask(made, scenario="./shop.toml") is None
    assert "it is none of" in ask(made, scenario="./later.toml")


def described(made, name):
    with Flask(__name__).test_request_context(f"/checkload/scenario?name={name}"):
        return made.describe_scenario().get_json()


def test_the_form_says_what_a_scenario_does_unless_a_run_is_on(front):
    made, _, now = front()
    facts = described(made, "smoke")
    assert facts["users"] == 3
    assert "3 users, each with one journey after the other, for 10 s" in facts["lines"][0]
    assert "guest 100 %" in facts["lines"][1]
    assert "not offered" in described(made, "/etc/passwd")["error"]
    now.run = Run(load())
    assert "not offered" in described(made, "smoke")["error"]


def test_a_host_is_checked_against_the_chosen_scenario(front):
    made, _, _ = front()
    assert "other.example" in ask(made, host="http://other.example")
    assert ask(made, host="http://shop.example") is None


def test_the_form_cannot_set_allowed_targets(front):
    made, environment, _ = front()
    assert "allow_target" in ask(made, host="http://other.example", allow_target="other.example")
    assert environment.parsed_options.allow_target == []


def test_one_of_the_picked_classes_must_be_in_the_scenario(front):
    made, _, _ = front(class_picker=True)
    assert "choose at least one" in ask(made)
    assert "none of the chosen" in ask(made, user_classes="Abandoning")
    assert ask(made, user_classes="Guest") is None


def test_one_run_at_a_time(front):
    made, environment, now = front()
    now.run = Run(load())
    assert "A run is on" in ask(made)
    now.run.end()
    assert "A run is on" in ask(made)  # not judged yet
    now.finished = object()
    environment.runner.shape_greenlet = object()
    assert "A run is on" in ask(made)  # Locust is not done with it
    environment.runner.shape_greenlet = None
    assert ask(made) is None


def test_the_page_shows_a_running_state_until_there_is_a_verdict(front):
    made, _, now = front()
    assert made.state() is None
    run = now.run = Run(load())
    assert made.state() == "spawning"  # Locust would say: ready
    run.lifecycle.begin()
    assert made.state() == "running"
    run.end()
    assert made.state() == "running"  # Locust would say: stopped
    now.failure = "the results could not be made"
    assert made.state() is None


def test_the_form_shows_a_chosen_host_and_not_that_of_the_embedded_shop(front):
    made, environment, _ = front()
    environment.host = "http://127.0.0.1:4711"
    assert made.arguments("ArrivalShape")["host"] == ""
    ask(made, host="http://shop.example")
    assert made.arguments("ArrivalShape")["host"] == "http://shop.example"
