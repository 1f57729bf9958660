"""Reads what a page embeds, as the browser does."""

import json
import re
from types import SimpleNamespace

import pytest

from harness.reporting.html.report_page import report_page


def _parsed(page):
    """The text and the data of a page."""
    text = page.decode()
    data = json.loads(re.search(r'<script type="application/json" id="chart-data">(.*?)</script>', text, re.DOTALL)[1])
    for chart in data["charts"].values():
        for series in [each for listed in chart.get("subjects", {"": chart.get("series")}).values() for each in listed]:
            if isinstance(series["x"], str):
                series["x"] = data["grids"][series["x"]]
    return SimpleNamespace(text=text, data=data, charts=data["charts"])


@pytest.fixture(scope="session")
def page_of():
    return lambda *args: _parsed(report_page(*args))


@pytest.fixture(scope="session")
def parsed():
    return _parsed
