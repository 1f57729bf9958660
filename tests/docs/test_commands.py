"""Every command of the README and of docs/ is accepted by its program; long ones are parsed, not run.

``test_commands_run.py`` runs the short ones. A command that no rule here knows fails: add a rule, and the test that runs it
if it is short.
"""

import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import bench_client
import make as making
import on_paper
import pytest
import real_duets
import slowest_tests
import soak_memory
import table
import ten_hours
import yaml
from documents import ROOT, commands, commands_in_sentences
from locust.argument_parser import get_parser
from packaging.requirements import Requirement

import locustfile
from harness.locust_plugin.option_checks import refuse_host, selected_user_classes
from harness.locust_plugin.options import add_options
from harness.run.workload import Choices
from scenarios.commands import cli
from scenarios.loading.forecast import read_forecast
from scenarios.runtime.scenario_folder import ScenarioFolder

OWN = "path/to/own.toml"
"""Stands for a scenario of the reader's own."""
STAGING = "staging.example.com"
USERS = [locustfile.Abandoning, locustfile.FirstTime, locustfile.Guest, locustfile.Returning]


def locust(words):
    parser = get_parser(default_config_files=[])
    add_options(parser, ScenarioFolder().names())
    options, unknown = parser.parse_known_args(words)
    assert unknown == []
    if options.worker:
        return  # it is told by the master what to do
    own = options.scenario == OWN
    workload = ScenarioFolder().choose(
        Choices(
            scenario="baseline" if own else options.scenario,
            payment_mix=options.payment_mix,
            sms_share=options.sms_share,
            arrival_rate=options.arrival_rate,
            users=options.num_users,
            seed=options.seed,
            think_scale=options.think_scale,
            budget=options.budget,
            allowed=(*options.allow_target, *([STAGING] if own else [])),
        )
    )
    refuse_host(options.host or "", workload.target.allowed)
    if options.user_classes:
        assert set(options.user_classes) <= {one.__name__ for one in USERS}
        assert selected_user_classes([one for one in USERS if one.__name__ in options.user_classes], workload, options)


def checkload(words, monkeypatch):
    """The real parser takes it; the command itself is not called."""
    if len(words) == 1 and words[0] in cli.COMMANDS:
        return  # a sentence that names a command, not a call of it
    for entry in cli.COMMANDS.values():
        monkeypatch.setattr(entry.load(), "run", lambda _: 0)
    assert cli.main(words) == 0
    if words[0] == "run":
        locust(["--headless", "--scenario", *words[1:]])  # what it calls
    if "--forecast" in words:
        assert read_forecast(ROOT / words[words.index("--forecast") + 1], []).forecast


def make(words, _):
    said = subprocess.run(["make", "--dry-run", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert ".venv/bin/" in said


PROGRAMS = {
    "tests/calibration/table.py": table,
    "tests/calibration/real_duets.py": real_duets,
    "tests/calibration/ten_hours.py": ten_hours,
    "tests/benchmarks/bench_client.py": bench_client,
    "docs/make.py": making,
    "docs/slowest_tests.py": slowest_tests,
}


def python(words, _):
    match words:
        case ["-m", "shop", *_]:
            run_elsewhere(words, _)
        case ["-m", module, *_]:
            assert any((ROOT / module.replace(".", "/")).with_suffix(suffix).exists() for suffix in (".py", ""))
        case [program, *rest] if program in PROGRAMS:
            PROGRAMS[program].asked_for(rest)
        case ["tests/benchmarks/on_paper.py", orders, microseconds]:
            assert on_paper.rows(float(orders), float(microseconds))
        case ["tests/benchmarks/fleet.py" | "docs/add_results.py", *rest]:
            assert (ROOT / words[0]).exists()
            assert rest
        case ["tests/real_client/pattern.py", ">", _]:
            assert (ROOT / words[0]).exists()
        case ["tests/end_to_end/soak_memory.py", *rest]:
            locust(list(soak_memory.asked_for(rest)[1]))
        case _:
            pytest.fail(f"no rule says how to try: python {shlex.join(words)}")


def docker(words, _):
    named = [words[at + 1] for at, word in enumerate(words) if word == "--file"]
    assert named
    assert all((ROOT / name).exists() for name in named)
    for profile in (words[at + 1] for at, word in enumerate(words) if word == "--profile"):
        services = yaml.safe_load((ROOT / named[0]).read_text(encoding="utf-8"))["services"].values()
        assert any(profile in service.get("profiles", ()) for service in services)


def kubectl(words, _):
    folder = ROOT / "dashboards" / "kubernetes"
    names = "\n".join(file.read_text(encoding="utf-8") for file in folder.glob("*.yaml"))
    for word in words:
        if word.startswith("dashboards/"):
            assert (ROOT / word).exists()
        if word.startswith("job/"):
            assert f"name: {word.removeprefix('job/')}" in names
    if "--namespace" in words:
        assert f"name: {words[words.index('--namespace') + 1]}" in names


def pip(words, _):
    """The extras that it names are those of this package."""
    (action, wanted) = words
    assert action == "install"
    requirement = Requirement(wanted)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert requirement.name == "checkload"
    assert requirement.extras <= set(extras)


def prometheus(words, _):
    (config,) = words
    assert (ROOT / config.removeprefix("--config.file=")).exists()


def activate(words, _):
    assert words == [".venv/bin/activate"]
    if sys.prefix != sys.base_prefix:
        assert (Path(sys.executable).parent / "activate").exists()


def run_elsewhere(_words, _):
    """``test_commands_run.py`` runs it."""


RULES = {
    "locust": lambda words, _: locust(words),
    "checkload": checkload,
    "make": make,
    "python": python,
    "docker": docker,
    "kubectl": kubectl,
    "pip": pip,
    "prometheus": prometheus,
    ".": activate,
    "curl": run_elsewhere,
    "grep": run_elsewhere,
}


def tried(command, monkeypatch):
    for part in command.split(" | "):
        words = shlex.split(part)
        assert words[0] in RULES, f"no rule says how to try: {part}"
        try:
            RULES[words[0]](words[1:], monkeypatch)
        except SystemExit as left:
            if left.code:
                pytest.fail(f"{command}: refused")


@pytest.mark.parametrize(("page", "command"), commands())
def test_the_command_is_taken(page, command, monkeypatch):
    tried(command, monkeypatch)


@pytest.mark.parametrize(("page", "command"), commands_in_sentences())
def test_the_command_in_a_sentence_is_taken(page, command, monkeypatch):
    tried(command, monkeypatch)
