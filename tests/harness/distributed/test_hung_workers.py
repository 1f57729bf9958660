import os
import signal
import subprocess
import sys

from harness.distributed.hung_workers import kill_children

WAIT = "import time; time.sleep(60)"


def test_a_hung_child_is_killed_but_not_reaped():
    with subprocess.Popen([sys.executable, "-c", WAIT]) as child:
        child.send_signal(signal.SIGSTOP)
        assert kill_children([child.pid]) == [child.pid]
        assert child.wait(timeout=10) == -signal.SIGKILL


def test_foreign_processes_are_left_alone():
    script = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {WAIT!r}]); print(p.pid, flush=True); p.wait()"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as child:
        grandchild = int(child.stdout.readline())
        try:
            assert kill_children([grandchild, os.getppid(), 2**22 + 1]) == []
            os.kill(grandchild, 0)
        finally:
            os.kill(grandchild, signal.SIGKILL)
