"""The pages are written for an engineer who reads English as a second language, once."""

import re

import pytest
from documents import PAGES, ROOT, named, written_by_hand

HARD = re.compile(r"\b(whoever|nobody|whom|of which|whose|she|her|hers)\b", re.IGNORECASE)


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=named)
def test_no_word_must_be_read_twice(page):
    text = written_by_hand(page)
    assert [line for line in text.splitlines() if HARD.search(line)] == []
