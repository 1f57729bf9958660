"""Every link leads somewhere, and every file that a page names is there."""

import re

import pytest
from documents import LINKING, PAGES, ROOT, anchors, links, named

_FILE = re.compile(r"`((?:dashboards|docs|harness|scenarios|shop|tests|users)/[\w./-]+)`")
MADE_BY_A_COMMAND = ("dashboards/blocks",)


@pytest.mark.parametrize("page", LINKING, ids=named)
def test_every_link_and_anchor_is_there(page):
    broken = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_file_that_is_named_is_there(page):
    names = set(_FILE.findall(page.read_text(encoding="utf-8"))) - set(MADE_BY_A_COMMAND)
    assert [name for name in sorted(names) if not (ROOT / name).exists()] == []


def test_every_page_is_linked_from_the_readme():
    linked = {(ROOT / link.partition("#")[0]).resolve() for link in links(ROOT / "README.md")}
    assert [named(page) for page in PAGES[1:] if page not in linked] == []


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_a_broken_link_would_be_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# One `key`, two\n\n[a](other.md#x) `[b](no)` [c](https://example.com)\n\n```\n[d](no)\n```\n")
    assert links(page) == ["other.md#x"]
    assert anchors(page) == {"one-key-two"}
