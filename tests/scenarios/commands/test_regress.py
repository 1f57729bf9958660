"""The command `checkload regress`: its arguments, its loads and its answer."""

import json
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from finished_runs import a_run

from harness.results.store import write
from scenarios.commands.cli import main
from scenarios.commands.regress import command as regress
from scenarios.regression import duet, load_runs

TWO_HOSTS = ("--base", "http://127.0.0.1:1", "--candidate", "http://127.0.0.1:2")


@pytest.fixture
def loads(monkeypatch):
    """Replaces loads by finished runs; the candidate's pages take ``slower`` times as long. Gives the commands."""
    commands, slower = [], {"by": 1.0}

    class Process:
        def __init__(self, command, **_):
            commands.append(command)
            folder = command[command.index("--results") + 1]
            page = 0.05 * (slower["by"] if "candidate" in load_runs.Path(folder).name else 1.0)
            write(a_run(10, page=page, minute=len(commands)), load_runs.Path(folder))
            if "--candidate" in command:
                other = a_run(10, page=0.05 * slower["by"], minute=len(commands) + 100)
                write(other, load_runs.Path(folder) / "candidate")

        def wait(self, timeout=None):
            return 0

        def poll(self):
            return 0

    replaced = SimpleNamespace(Popen=Process, STDOUT=subprocess.STDOUT, DEVNULL=subprocess.DEVNULL)
    monkeypatch.setattr(load_runs, "subprocess", replaced)
    return commands, slower


def ran(tmp_path, *options):
    return main(["regress", "abba", "baseline", *options, "--results", str(tmp_path / "out")])


def test_the_same_shop_passes_and_the_files_say_so(loads, tmp_path, capsys):
    assert ran(tmp_path, *TWO_HOSTS, "--pairs", "8", "--options=-t 5s --arrival-rate 3/s") == 0
    commands, _ = loads
    hosts = [command[command.index("--host") + 1][-1] for command in commands]
    assert "".join(hosts)[:8] == "12211221"
    assert commands[0][8:12] == ["-t", "5s", "--arrival-rate", "3/s"]
    assert capsys.readouterr().out.startswith("PASSED")
    document = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert document["verdict"] == "passed"
    assert (tmp_path / "out" / "comparison.txt").read_text().startswith("PASSED")


def test_a_slower_candidate_fails(loads, tmp_path, capsys):
    loads[1]["by"] = 2.0
    assert ran(tmp_path, *TWO_HOSTS, "--pairs", "12") == 3
    assert len(loads[0]) < 24
    assert "the p95 of all pages is longer by 100 %" in " ".join(capsys.readouterr().out.split())


def test_a_command_switches_the_version_of_one_host(loads, tmp_path):
    record = tmp_path / "switched"
    script = tmp_path / "switch.py"
    script.write_text(f"import sys; open({str(record)!r}, 'a').write(sys.argv[1][0])")
    switch = ("--switch", f"{sys.executable} {script}")
    assert ran(tmp_path, "--host", "http://127.0.0.1:1", *switch, "--pairs", "3") == 5
    assert record.read_text() == "bccbbc"


def test_a_switch_that_fails_ends_the_gate(loads, tmp_path, capsys):
    assert ran(tmp_path, "--host", "http://127.0.0.1:1", "--switch", "false") == 2
    assert "--switch false: ended with 1 for baseline" in capsys.readouterr().err
    assert loads[0] == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "--base and --candidate missing"),
        (("--base", "http://a"), "--candidate missing"),
        (("--host", "http://a"), "--host: goes with --switch"),
        ((*TWO_HOSTS, "--switch", "true"), "--switch: goes with --host"),
        ((*TWO_HOSTS, "--pairs", "2"), "--pairs 2: from 3 to 24"),
        ((*TWO_HOSTS, "--retries", "-1", "--harmless", "x"), "--retries -1: from 0"),
    ],
)
def test_wrong_arguments_start_nothing(loads, tmp_path, capsys, options, says):
    assert ran(tmp_path, *options) == 2
    assert says in capsys.readouterr().err
    assert loads[0] == []
    assert not (tmp_path / "out").exists()


def test_a_folder_with_other_results_is_not_used(loads, tmp_path, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "file").touch()
    assert ran(tmp_path, *TWO_HOSTS) == 2
    assert "is not empty" in capsys.readouterr().err


def test_a_load_that_does_not_start_is_shown(monkeypatch, tmp_path, capsys):
    broken = tmp_path / "broken.py"
    broken.write_text("import sys; print('the key is wrong'); sys.exit(2)")
    monkeypatch.setattr(regress, "command_line", lambda *_: [sys.executable, str(broken)])
    assert ran(tmp_path, *TWO_HOSTS) == 2
    assert "a load ended with exit code 2, so nothing can be compared" in (text := capsys.readouterr().err)
    assert "the key is wrong" in text


def in_duet(tmp_path, *options):
    return main(["regress", "duet", "baseline", *TWO_HOSTS, *options, "--results", str(tmp_path / "out")])


class Machine(SimpleNamespace):
    """A machine that is always as busy as this."""

    known = True

    def __call__(self):
        return self.busy


@pytest.fixture
def quiet(monkeypatch):
    monkeypatch.setattr(regress, "BusyShare", lambda: Machine(busy=duet.Busy(0.2)))


@pytest.mark.usefixtures("quiet")
def test_a_duet_starts_both_versions_and_compares_their_slices(loads, tmp_path, capsys):
    assert in_duet(tmp_path) == 0
    commands, slower = loads
    hosts = [[command[command.index(each) + 1][-1] for each in ("--host", "--candidate")] for command in commands]
    assert hosts == [["1", "2"]] * 2
    assert "after 2 rounds" in capsys.readouterr().out
    slower["by"] = 2.0
    assert in_duet(tmp_path / "again") == 3
    assert "the p95 of all pages is longer by 100 %" in " ".join(capsys.readouterr().out.split())


@pytest.mark.usefixtures("quiet")
def test_a_duet_on_a_busy_machine_is_refused(loads, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(regress, "BusyShare", lambda: Machine(busy=duet.Busy(0.9, 0.1)))
    assert in_duet(tmp_path) == 4
    said = " ".join(capsys.readouterr().out.split())
    assert said.count("machine that both versions share was 90 % busy") == 1
    assert "cannot see" not in said


@pytest.mark.parametrize("known", [True, False])
def test_a_duet_says_so_if_it_cannot_see_how_busy_the_machine_is(loads, tmp_path, capsys, monkeypatch, known):
    monkeypatch.setattr(regress, "BusyShare", lambda: Machine(busy=None, known=known))
    assert in_duet(tmp_path) == 0
    assert ("checkload cannot see how busy" in " ".join(capsys.readouterr().out.split())) is not known


def test_a_duet_needs_two_hosts(loads, tmp_path, capsys):
    assert in_duet(tmp_path, "--candidate", "http://127.0.0.1:1/") == 2
    assert "are the same host" in capsys.readouterr().err
    assert loads[0] == []


@pytest.mark.end_to_end
def test_a_stop_signal_leaves_no_load_behind(tmp_path):
    program = "import sys; from scenarios.commands.cli import main; sys.exit(main())"
    command = ["regress", "abba", "smoke", *TWO_HOSTS, "--results", str(tmp_path / "out")]
    with subprocess.Popen([sys.executable, "-c", program, *command], stderr=subprocess.PIPE, text=True) as process:
        log = tmp_path / "out" / "01-baseline" / "run.log"
        for _ in range(200):
            if log.exists():
                break
            time.sleep(0.1)
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted" in said
    assert children
    for child in children:
        assert subprocess.run(["kill", "-0", child], capture_output=True, check=False).returncode != 0
