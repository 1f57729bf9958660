"""What a result says about the machine and the build it was made with."""

import os
import tomllib
from pathlib import Path

from harness.versions import build_kind, machine_kind

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))


def test_either_all_hot_modules_are_compiled_or_none():
    listed = PROJECT["tool"]["checkload"]["compiled"]
    kinds = {build_kind(module.removesuffix(".py").replace("/", ".")) for module in listed}
    assert kinds == {build_kind()}
    if os.environ.get("CHECKLOAD_BUILD"):
        assert kinds == {"compiled"}


def test_a_module_that_does_not_exist_is_not_compiled():
    assert build_kind("harness.nowhere") == "plain"


def test_the_kind_of_a_machine_is_its_processor_and_its_cores(tmp_path):
    file = tmp_path / "cpuinfo"
    file.write_text("processor : 0\nmodel name\t: AMD  EPYC 7763\nprocessor : 1\nmodel name\t: AMD  EPYC 7763\n")
    cores, kind = machine_kind(file).split(" x ")
    assert int(cores) >= 1
    assert kind == "AMD EPYC 7763"
    assert machine_kind(tmp_path / "nowhere").endswith("unknown processor")
