from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest
from pydantic import ValidationError

from shop.contract import Page
from shop.serving.control import settings_problems
from shop.settings import FaultName, Settings


def test_default_settings_have_no_faults():
    settings = Settings()
    assert settings.faults == ()
    assert settings.workers is None
    assert settings.sms.options == ("pay_on_delivery",)


def test_settings_can_be_written_and_read_again():
    settings = Settings.model_validate(
        {
            "service": {"default": "800ms", "distribution": "lognormal", "pages": {"BinNumberPage": "2s"}},
            "workers": 4,
            "queue": 10,
            "faults": [{"name": "reset", "share": 0.1, "pages": ["BinNumberPage"]}],
            "store_credit": "12.5",
            "unavailable": {"gpay": "Away."},
            "sessions": {"age": "1h"},
        }
    )
    assert settings.service.default == 0.8
    assert settings.service.pages == {Page.BIN_NUMBER: 2.0}
    assert settings.faults[0].name is FaultName.RESET
    assert settings.store_credit == Decimal("12.50")
    assert settings.sessions.age == 3600
    assert Settings.model_validate_json(settings.model_dump_json()) == settings
    assert Settings.model_validate(settings.model_dump(mode="json")) == settings


def test_all_problems_are_reported_at_once_with_key_and_remedy():
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(
            {
                "sms": {"options": ["credit_crad"], "share": 2, "fixed_code": "12"},
                "service": {"default": "800 parsecs", "pages": {"BinNumerPage": 1}},
                "faults": [{"name": "rset"}],
                "workers": 0,
                "colour": "red",
            }
        )
    problems = {problem["key"]: problem["problem"] for problem in settings_problems(caught.value)}
    assert set(problems) == {
        "sms.options.0",
        "sms.share",
        "sms.fixed_code",
        "service.default",
        "service.pages.BinNumerPage",
        "faults.0.name",
        "workers",
        "colour",
    }
    assert "did you mean 'credit_card'?" in problems["sms.options.0"]
    assert "did you mean 'BinNumberPage'?" in problems["service.pages.BinNumerPage"]
    assert "did you mean 'reset'?" in problems["faults.0.name"]
    assert "800ms" in problems["service.default"]


@pytest.mark.parametrize(
    "given", [{"seed": "1"}, {"seed": 1.5}, {"workers": True}, {"queue": 3}, {"service": {"default": float("nan")}}]
)
def test_values_are_not_converted(given):
    with pytest.raises(ValidationError):
        Settings.model_validate(given)


def test_settings_need_no_uvicorn():
    code = (
        "import sys, shop.settings, shop.serving.process; assert not {'uvicorn', 'uvloop', 'orjson'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("slugs", [{"gpay": "havale", "redirection": "havale"}, {"gpay": "redirection"}, {"gpay": "7"}])
def test_slugs_of_payment_options_must_differ(slugs):
    with pytest.raises(ValidationError, match="give each payment option a slug of its own"):
        Settings.model_validate({"slugs": slugs})


def test_removed_settings_are_refused():
    with pytest.raises(ValidationError):
        Settings.model_validate({"conventions": {"pay_on_delivery": "page"}})
