"""The reader of scenarios accepts every TOML file that a page shows, and every key in a sentence exists."""

import math
import re
import tomllib

import pytest
from documents import PAGES, ROOT, blocks, named

from scenarios.loading.reader import read_scenario
from scenarios.schema.reference import reference

OBJECTIVES = 'objectives = ["journey failures < 1%"]\n'
ARRIVALS = '\n[arrivals]\nrate = "10/s"\nduration = "20s"\n'
ACCOUNTS = "email,password,first_name,last_name,phone,saved_choices\nguest@example.com,secret,Ada,Byron,5550001,\n"
SHOWN = [(named(page), block.body) for page in PAGES for block in blocks(page) if block.kind == "toml"]
KEY = re.compile(r"`\[(?P<table>[a-z_.]+)\] (?P<key>[a-z_]+)\b")
NAMED = sorted(
    {(named(page), f"{one['table']}.{one['key']}") for page in PAGES for one in KEY.finditer(page.read_text("utf-8"))}
)


@pytest.mark.parametrize(("page", "text"), SHOWN)
def test_the_scenario_is_taken(page, text, tmp_path, monkeypatch):
    monkeypatch.setenv("STAGING_AUTH", "Bearer x")
    (tmp_path / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    (tmp_path / "arrivals.csv").write_text("time\n0\n1\n2\n", encoding="utf-8")
    document = tomllib.loads(text)
    whole = text if "objectives" in document else OBJECTIVES + text
    path = tmp_path / "own.toml"
    path.write_text(whole if "arrivals" in document else whole + ARRIVALS, encoding="utf-8")
    assert read_scenario(str(path)).objectives


@pytest.mark.parametrize(("page", "key"), NAMED)
def test_the_key_exists(page, key):
    assert f"`{key}`" in reference() or key.startswith("shop."), f"{page} names {key}"


def test_the_table_of_workers_follows_from_its_formula():
    """``baseline`` has 14.6 pages a journey; a page takes 100 µs, and a worker may use half of a core."""
    text = (ROOT / "docs" / "distributed.md").read_text(encoding="utf-8")
    rows = [
        [int(one.replace(",", "")) for one in re.findall(r"\d[\d,]*", line)]
        for line in text.splitlines()
        if re.fullmatch(r"\| [\d,]+ \|.* \+ 1 \|", line)
    ]
    assert len(rows) == 4
    for journeys, orders, pages, workers, _ in rows:
        assert orders == round(journeys * 60 * 0.95)
        assert pages == round(journeys * 14.6)
        assert workers == math.ceil(pages * 100e-6 / 0.5)


def test_pages_show_scenarios_and_keys():
    assert len(SHOWN) >= 4
    assert len(NAMED) >= 8
