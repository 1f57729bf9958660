"""No statement of a script stands after a ``return`` of its block: nothing would say that it is never carried out."""

import re

from design.sources import ROOT

UNREACHED = re.compile(r"^( *)return\b[^\n]*;\n\1(?! |case |default:)\S(?<!\})[^\n]*", re.MULTILINE)


def test_no_statement_follows_a_return():
    scripts = sorted((ROOT / "harness").rglob("*.js"))
    assert scripts
    found = {f"{path.name}: {hit[0]!r}" for path in scripts for hit in UNREACHED.finditer(path.read_text("utf-8"))}
    assert found == set()
