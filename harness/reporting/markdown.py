"""Texts and tables in Markdown. Every text may come from a shop or a scenario, so it is escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tabulate import tabulate

_SPECIAL = re.compile(r"([\\*_`\[\]|])")
_CODE = re.compile(r"\\`((?:\w|\\_)+)\\`")  # as it stands in an escaped text
_UNPINGED = "@\u2060"  # a service that shows comments would notify the person of that name


def escaped(text: str) -> str:
    """The text on one line, without a meaning of its own in Markdown; in a table, a bar would end the cell."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace("@", _UNPINGED)
    return " ".join(_SPECIAL.sub(r"\\\1", text).split())


def with_code(text: str) -> str:
    """The same for a sentence of ours: a word between backticks is code."""
    return _CODE.sub(lambda found: f"`{found[1].replace(chr(92), '')}`", escaped(text))


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, alignment: Sequence[str]) -> str:
    """A table of these texts; ``alignment`` is ``left`` or ``right`` for each column."""
    return tabulate(
        [tuple(map(escaped, row)) for row in rows],
        headings,
        tablefmt="pipe",
        colalign=alignment,
        disable_numparse=True,
        preserve_whitespace=False,
    )
