"""Each verdict has one colour, in the report, on its icon and in the web UI, and it can be read, light and dark."""

import re
from importlib.resources import files
from itertools import combinations

import pytest

from harness.objectives.verdict import Verdict
from harness.reporting.html.report_page import VERDICT_COLOURS

REPORT = files("harness.reporting.html").joinpath("page.css").read_text()
WEB = files("harness.locust_plugin.web")
BANNER, DOCTOR, LIVE = (WEB.joinpath(name).read_text() for name in ("banner.css", "doctor.css", "live/live.css"))
LEAST_CONTRAST = 4.5  # WCAG AA
NAMES = {"passed": "good", "failed": "bad", "invalid": "invalid", "inconclusive": "unsure"}
SCREENS, PRINT = REPORT.split("@media print")
LIGHT, DARK = SCREENS.split("prefers-color-scheme: dark")


def value(css, name):
    digits = re.search(rf"--{name}: #(\w+)", css)[1]
    return f"#{digits if len(digits) == 6 else ''.join(2 * digit for digit in digits)}"


def channels(colour):
    return [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]


def luminance(parts):
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("css", [LIGHT, DARK, PRINT], ids=["light", "dark", "print"])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_verdict_can_be_read_on_the_page_and_on_its_banner(css, verdict):
    ink, paper = channels(value(css, NAMES[verdict])), channels(value(css, "paper"))
    share = float(re.search(rf"\.banner\.{verdict} {{ background: .*? (\d+)%", REPORT)[1]) / 100
    banner = [share * one + (1 - share) * other for one, other in zip(ink, paper, strict=True)]
    assert contrast(ink, paper) >= LEAST_CONTRAST
    assert contrast(ink, banner) >= LEAST_CONTRAST


@pytest.mark.parametrize("css", [LIGHT, DARK], ids=["light", "dark"])
def test_no_verdict_looks_like_another_or_like_a_fault_of_checkload(css):
    colours = [channels(value(css, name)) for name in ("bad", "invalid", "unsure", "good")]
    for one, other in combinations(colours, 2):
        assert sum(abs(a - b) for a, b in zip(one, other, strict=True)) > 0.4
    invalid, ours = (channels(value(css, name)) for name in ("invalid", "ours"))
    assert sum(abs(a - b) for a, b in zip(invalid, ours, strict=True)) > 0.4


def test_an_invalid_run_is_purple_everywhere():
    purple = value(LIGHT, "invalid")
    assert VERDICT_COLOURS[Verdict.INVALID] == purple
    assert f"#checkload-banner.invalid {{ background: {purple}; }}" in BANNER
    shown = re.findall(r"invalid(?: h1)? { (?:border-top-)?color: (.*?); }", REPORT + LIVE)
    assert shown == ["var(--invalid)"] * 4  # the banner, its heading with the chip, a check, a light of the page Live
    assert [value(css, "invalid") for css in DOCTOR.split("@media", 1)] == [purple, value(DARK, "invalid")]
