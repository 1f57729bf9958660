"""Reads README.md and the pages of docs/: their blocks of code, their commands, their links and their headings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
"""The pages whose commands are tried."""
LINKING = (*PAGES, ROOT / "CHANGELOG.md", *sorted((ROOT / "dashboards").glob("*.md")))
"""The pages whose links are followed."""

_FENCE = re.compile(r"^ *```(?P<kind>\w*)\n(?P<body>.*?)^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!\\)\[[^\]]*\]\((?P<to>[^)\s]+)\)")
_INLINE = re.compile(r"`(?P<code>[^`\n]+)`")
_SHELL = ("console", "sh", "bash", "shell")
_STARTS = ("locust ", "checkload ", "make ", "python ")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of code."""

    page: str
    kind: str
    body: str


def blocks(page: Path) -> list[Block]:
    return [
        Block(named(page), one["kind"], dedent(one["body"]))
        for one in _FENCE.finditer(page.read_text(encoding="utf-8"))
    ]


def commands() -> list[tuple[str, str]]:
    """Every command that a page shows in a block, as ``(page, command)``; in ``console`` it follows a ``$``."""
    found = []
    for page in PAGES:
        for block in blocks(page):
            if block.kind in _SHELL:
                lines = block.body.splitlines()
                if block.kind == "console":
                    lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
                found += [(block.page, line.partition(" #")[0].rstrip()) for line in lines if line.strip()]
    return list(dict.fromkeys(found))


def commands_in_sentences() -> list[tuple[str, str]]:
    """Every whole command in the running text; one with a placeholder in capitals is none."""
    found = []
    for page in PAGES:
        for match in _INLINE.finditer(_FENCE.sub("", page.read_text(encoding="utf-8"))):
            code = match["code"]
            if code.startswith(_STARTS) and not re.search(r"\b[A-Z]{3,}\b|…", code):
                found.append((named(page), code))
    return list(dict.fromkeys(found))


def written_by_hand(page: Path) -> str:
    """The text of a page without its blocks of code and without what ``docs/make.py`` and the table of proofs write."""
    text = page.read_text(encoding="utf-8")
    text = re.sub(r"<!-- made by docs/make\.py: .*?made by docs/make\.py: end -->", "", text, flags=re.DOTALL)
    text = re.sub(r"<!-- proofs: written.*?<!-- proofs: end -->", "", text, flags=re.DOTALL)
    return _FENCE.sub("", text)


def links(page: Path) -> list[str]:
    """Where the links and pictures of a page lead, without those to other sites."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    found = (match["to"] for match in _LINK.finditer(_INLINE.sub("", text)))
    return [to for to in found if not re.match(r"[a-z]+:", to)]


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    seen: dict[str, int] = {}
    made = set()
    for heading in re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        made.add(f"{slug}-{seen[slug]}" if slug in seen else slug)
        seen[slug] = seen.get(slug, 0) + 1
    return made


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()
