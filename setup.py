"""Builds checkload in plain Python, or with its hot modules compiled by mypyc if ``CHECKLOAD_COMPILED`` is 1.

pyproject.toml has everything else, and the list of these modules. A compiled build needs a C compiler.
"""

import os
import shutil
import sys
import tomllib
from pathlib import Path

from setuptools import setup

COMPILED = os.environ.get("CHECKLOAD_COMPILED", "") not in ("", "0")
OPTIMISE = os.environ.get("CHECKLOAD_OPTIMISE", "2")  # tests build with 0, in a third less time
MYPY = "mypy>=2.4,<2.5"  # another version compiles in another way


def _extensions() -> list:
    """The hot modules as extension modules; mypy is in the environment of a compiled build only."""
    try:
        from mypyc.build import mypycify  # noqa: PLC0415 - plain builds do not have it
    except ImportError:
        if "egg_info" in sys.argv:
            return []  # the installer asks for the requirements first
        raise SystemExit(
            "CHECKLOAD_COMPILED=1 needs mypy in this environment: install it, or leave out --no-build-isolation"
        ) from None
    for earlier in Path("build").glob("lib.*"):
        shutil.rmtree(earlier)  # it may have modules that the list no longer names, and setuptools would pack them
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    # No configuration: types of packages that the build does not have are no errors here.
    options = ["--config-file=", "--ignore-missing-imports", "--follow-imports=silent"]
    modules = project["tool"]["checkload"]["compiled"]
    return mypycify([*options, *modules], opt_level=OPTIMISE, debug_level="0", group_name="checkload")


setup(ext_modules=_extensions() if COMPILED else [], setup_requires=[MYPY] if COMPILED else [])
