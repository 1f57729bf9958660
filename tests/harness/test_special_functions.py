import subprocess
import sys

import pytest

from harness import special_functions as functions
from harness.run.early_stopping import InterimAnalyses


def test_a_run_starts_without_what_only_its_verdict_or_its_shop_needs():
    later = {"scipy", "numpy", "uvicorn", "uvloop", "shop.app", "shop.serving.server"}
    later |= {"harness.reporting.html.report_page"}
    code = f"import locustfile, sys; print(sorted({later} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"


def test_interim_checks_load_scipy_before_the_load():
    functions.load.cache_clear()
    InterimAnalyses([], warm_up=1.0, steady=4.0)
    assert functions.load.cache_info().currsize == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (functions.betainc(1, 3, 0.5), 1 - 0.5**3),
        (functions.bdtr(1, 3, 0.5), 0.5),
        (functions.chdtrc(2, 3.0), 0.22313016),  # exp(-1.5)
        (functions.chndtr(3.0, 2, 0.0), 1 - 0.22313016),
        (functions.stdtr(1, 1.0), 0.75),  # Cauchy
        (functions.stdtrit(1, 0.75), 1.0),
    ],
)
def test_each_function_agrees_with_a_value_by_hand(value, expected):
    assert isinstance(value, float)
    assert value == pytest.approx(expected)
