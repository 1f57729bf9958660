"""The program `checkload`: its help, its exit codes and its error messages."""

import argparse
import io
import subprocess
import sys
from types import SimpleNamespace

import pytest

from harness.errors import UsageError
from harness.versions import own_version
from scenarios.commands import cli
from scenarios.commands.cli import COMMANDS, CommandEntry, main


@pytest.fixture
def command(monkeypatch):
    """Replace the commands with one, `checkload try`, that calls this function."""

    def replace(run):
        module = SimpleNamespace(
            add_arguments=lambda parser: parser.add_argument("--loud", action="store_true"), run=run
        )
        monkeypatch.setattr(cli, "COMMANDS", {"try": CommandEntry("Try something.", lambda: module)})

    return replace


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
        assert entry.summary in text
    assert max(map(len, out.splitlines())) <= 80


def test_without_arguments_the_help_is_printed(capsys):
    assert main([]) == 0
    assert "Before a run:" in capsys.readouterr().out


def test_a_misspelled_option_gets_a_suggestion(capsys):
    code, _, err = ends(["report", "somewhere", "--exit-cod"], capsys)
    assert code == 2
    assert "did you mean --exit-code?" in err


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_its_own_help(name, capsys):
    code, out, _ = ends([name, "--help"], capsys)
    assert code == 0
    assert out.startswith(f"usage: checkload {name}")


def test_version_is_printed(capsys):
    code, out, _ = ends(["--version"], capsys)
    assert code == 0
    assert out in {f"checkload {own_version()} (plain)\n", f"checkload {own_version()} (compiled)\n"}


@pytest.mark.parametrize("arguments", [["plam"], ["--nonsense"], ["try"], ["try", "--lou"]])
def test_unknown_arguments_are_a_usage_error(arguments, capsys, command):
    command(raising(AssertionError("must not run")))
    if arguments == ["try"]:
        arguments = ["try", "unexpected"]
    code, out, err = ends(arguments, capsys)
    assert (code, out) == (2, "")
    assert "usage: checkload" in err
    assert "Traceback" not in err


def test_the_error_for_an_unknown_command_suggests_one(capsys):
    assert "there is no command plam; did you mean plan?" in ends(["plam"], capsys)[2]
    assert "there are baseline, calibrate" in ends(["xyz"], capsys)[2]


def test_a_command_gets_its_arguments_and_its_exit_code_is_returned(command):
    seen = []
    command(lambda arguments: seen.append(arguments.loud) or 5)
    assert main(["try", "--loud"]) == 5
    assert main(["try"]) == 5
    assert seen == [True, False]


def test_a_usage_error_is_printed_without_a_traceback(command, capsys):
    command(raising(UsageError("--loud = 3\n  expected: nothing behind it")))
    assert main(["try"]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err == "--loud = 3\n  expected: nothing behind it\n"


def test_ctrl_c_ends_without_a_traceback(command, capsys):
    command(raising(KeyboardInterrupt()))
    assert main(["try"]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


def test_a_closed_output_pipe_is_no_error(command, monkeypatch):
    command(raising(BrokenPipeError()))
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert main(["try"]) == 141


def test_a_full_disk_is_reported_without_a_traceback(command, capsys):
    command(raising(OSError(28, "No space left on device", "/full/x")))
    assert main(["try"]) == 1
    assert capsys.readouterr().err.startswith("/full/x: No space left on device")


def test_a_bug_keeps_its_traceback(command):
    command(raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        main(["try"])


def test_help_loads_neither_scipy_nor_locust():
    code = "import sys; from scenarios.commands.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\nprint(sorted({'scipy', 'numpy', 'locust', 'gevent', 'pydantic'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.endswith("[]\n")


@pytest.mark.end_to_end
def test_it_runs_as_a_program():
    program = [sys.executable, "-c", "from scenarios.commands.cli import main; raise SystemExit(main())"]
    done = subprocess.run([*program, "plan"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "RESULT" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_help_of_each_option_says_its_default_if_it_has_one():
    for name, entry in COMMANDS.items():
        parser = argparse.ArgumentParser()
        entry.load().add_arguments(parser)
        for action in parser._actions:
            if action.option_strings and action.nargs != 0 and action.default not in (None, "", [], argparse.SUPPRESS):
                assert "(default: " in action.help, f"{name} {action.option_strings}"
