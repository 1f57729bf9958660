"""The command `checkload` as such: what it offers, and how it ends when something is wrong."""

import io
import subprocess
import sys
from types import SimpleNamespace

import pytest

from harness.errors import UsageError
from scenarios.commands import cli
from scenarios.commands.cli import COMMANDS, Entry, main


@pytest.fixture
def command(monkeypatch):
    """Makes `checkload try` do this."""

    def does(run):
        module = SimpleNamespace(
            add_arguments=lambda parser: parser.add_argument("--loud", action="store_true"), run=run
        )
        monkeypatch.setattr(cli, "COMMANDS", {"try": Entry("made.up", "Tries something.")})
        monkeypatch.setattr(cli, "import_module", {"made.up": module}.__getitem__)

    return does


def raising(error):
    def run(_arguments):
        raise error

    return run


def ends(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    streams = capsys.readouterr()
    return end.value.code, streams.out, streams.err


def test_help_lists_every_command_with_what_it_does(capsys):
    code, out, _ = ends(["--help"], capsys)
    assert code == 0
    text = " ".join(out.split())
    assert COMMANDS
    for name, entry in COMMANDS.items():
        assert f"{name} " in text
        assert entry.says in text


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_help_of_its_own(name, capsys):
    code, out, _ = ends([name, "--help"], capsys)
    assert code == 0
    assert out.startswith(f"usage: checkload {name}")


def test_version_is_said(capsys):
    code, out, _ = ends(["--version"], capsys)
    assert code == 0
    assert out.startswith("checkload ")


@pytest.mark.parametrize("arguments", [[], ["plam"], ["--nonsense"], ["try"], ["try", "--lou"]])
def test_what_it_does_not_know_is_misuse_and_names_what_there_is(arguments, capsys, command):
    command(raising(AssertionError("must not run")))
    if arguments == ["try"]:
        arguments = ["try", "unexpected"]
    code, out, err = ends(arguments, capsys)
    assert (code, out) == (2, "")
    assert "usage: checkload" in err
    assert "Traceback" not in err


def test_an_unknown_command_is_answered_with_those_there_are(capsys):
    _, _, err = ends(["plam"], capsys)
    assert "plam" in err
    assert "plan" in err.replace("plam", "")


def test_a_command_is_given_its_arguments_and_its_code_is_passed_on(command):
    seen = []
    command(lambda arguments: seen.append(arguments.loud) or 5)
    assert main(["try", "--loud"]) == 5
    assert main(["try"]) == 5
    assert seen == [True, False]


def test_misuse_is_said_without_a_traceback(command, capsys):
    command(raising(UsageError("--loud = 3\n  expected: nothing behind it")))
    assert main(["try"]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err == "--loud = 3\n  expected: nothing behind it\n"


def test_an_interruption_ends_quietly(command, capsys):
    command(raising(KeyboardInterrupt()))
    assert main(["try"]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


def test_a_reader_that_went_away_is_no_error(command, monkeypatch):
    command(raising(BrokenPipeError()))
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert main(["try"]) == 141


def test_a_machine_in_trouble_is_said_and_is_no_bug_with_a_traceback(command, capsys):
    command(raising(OSError(28, "No space left on device", "/full/x")))
    assert main(["try"]) == 1
    assert capsys.readouterr().err.startswith("/full/x: No space left on device")


def test_a_bug_is_not_hidden(command):
    command(raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        main(["try"])


@pytest.mark.end_to_end
def test_it_is_installed_as_a_program():
    program = [sys.executable, "-c", "from scenarios.commands.cli import main; raise SystemExit(main())"]
    done = subprocess.run([*program, "plan"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "RESULT" in done.stderr
    assert "Traceback" not in done.stderr
