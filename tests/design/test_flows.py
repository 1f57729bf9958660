"""The two flows of docs/architecture.md are real: a recorded run goes through their files in the order of the page."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from design.sources import ROOT

PAGE = ROOT / "docs" / "architecture.md"
MOST_FILES = 14
FLOWS = {
    "due time": "### From the TOML file to the histogram: an arrival's due time",
    "reply": "### From the socket to the verdict: a reply that fails an objective",
}
HOP = re.compile(r"^\d+\. `(?P<path>[\w/.]+)` `(?P<function>[\w.]+)`", re.MULTILINE)

ONE_SHOPPER = """
description = "One shopper, whose first checkout page fails."
objectives = ["page failures <= 0%"]
[arrivals]
process = "uniform"
rate = "1/s"
duration = "1s"
drain = "5s"
users = 1
[journeys]
guest = 1
[payments]
credit_card = 1
[think]
scale = 0
[[shop.faults]]
name = "server_error"
pages = ["IndexPage"]
"""


@dataclass(frozen=True)
class Hop:
    path: str
    function: str

    def __str__(self) -> str:
        return f"{self.path} {self.function}"


def hops(flow: str) -> list[Hop]:
    section = PAGE.read_text().partition(FLOWS[flow])[2].partition("\n#")[0]
    return [Hop(found["path"], found["function"]) for found in HOP.finditer(section)]


def functions_of(path: Path) -> set[str]:
    """The functions of a file, by their qualified names."""
    names = set()
    inside = [(ast.parse(path.read_text()), "")]
    for parent, prefix in inside:
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                names.add(prefix + node.name)
                inside.append((node, f"{prefix}{node.name}."))
    return names


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_goes_through_few_files(flow):
    assert 2 <= len({hop.path for hop in hops(flow)}) <= MOST_FILES


@pytest.mark.parametrize("flow", FLOWS)
def test_each_hop_of_a_flow_is_a_function_of_its_file(flow):
    missing = [str(hop) for hop in hops(flow) if hop.function not in functions_of(ROOT / hop.path)]
    assert missing == []


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """The functions that a run with one arrival calls, one after the other."""
    folder = tmp_path_factory.mktemp("recorded")
    scenario, calls = folder / "one_shopper.toml", folder / "calls"
    scenario.write_text(ONE_SHOPPER)
    command = [sys.executable, str(Path(__file__).with_name("recorded_run.py")), str(calls), "--headless"]
    command += ["--scenario", str(scenario), "--metrics-port", "0", "--results", str(folder / "results")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert "page failures <= 0%: failed" in done.stdout, done.stdout + done.stderr
    return calls.read_text().splitlines()


def first_not_called(wanted: list[Hop], calls: list[str]) -> Hop | None:
    """The first hop that is not called after those before it."""
    left = iter(calls)
    for hop in wanted:
        # What a function defines inside itself, a generator for example, belongs to it.
        if not any(call == str(hop) or call.startswith(f"{hop}.") for call in left):
            return hop
    return None


@pytest.mark.end_to_end
@pytest.mark.parametrize("flow", FLOWS)
def test_a_run_goes_through_a_flow_in_its_order(flow, calls):
    assert first_not_called(hops(flow), calls) is None


@pytest.mark.end_to_end
@pytest.mark.parametrize("flow", FLOWS)
def test_a_run_does_not_go_through_a_flow_backwards(flow, calls):
    assert first_not_called(hops(flow)[::-1], calls) is not None
