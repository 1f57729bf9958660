"""What was learnt of a shop becomes a scenario that checkload reads."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.doctor.facts import OfferedOption, ShopFacts
from scenarios.doctor.writing import journeys_of, scenario_text
from scenarios.loading.reader import build_scenario

CARD = OfferedOption("credit_card", "kart", "7", "Kart", covered=True)
WALLET = OfferedOption("gpay", covered=True, ends_outside=True)
BROKEN = OfferedOption("pay_later")
FOREIGN = OfferedOption("my_wallet")


def written(tmp_path, **facts):
    return build_scenario(tomllib.loads(scenario_text(ShopFacts(**facts))), name="own", folder=tmp_path)


def test_only_what_worked_is_written(tmp_path):
    scenario = written(tmp_path, options=(CARD, WALLET, BROKEN, FOREIGN), journeys={"guest": 2, "returning": 0})
    assert scenario.mix.payments == {"credit_card": 1, "gpay": 1}
    assert scenario.mix.journeys == {"guest": 2}
    assert scenario.mix.minimum == {"credit_card": 1, "gpay": 1}


def test_an_option_that_ends_at_a_bank_needs_no_order(tmp_path):
    scenario = written(tmp_path, options=(CARD, WALLET), external="stop")
    assert [text for text in scenario.document.objectives if "orders" in text] == [
        "orders[payment=credit_card] count >= 1"
    ]
    assert scenario.policy.external == "stop"


def test_everything_learnt_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv("STAGING_AUTH", "Basic x")
    (tmp_path / "a.csv").write_text("email,password,first_name,last_name,phone,saved_choices\n")
    scenario = written(
        tmp_path,
        host="staging.example.com",
        options=(CARD,),
        option_value="pk",
        locale="tr-tr",
        accounts_file="a.csv",
        journeys={"guest": 1, "first_time": 1},
        accounts={"first_time": 9},
        search=None,
        products=("12", "x-9"),
        address={"country": 1, "city": 80, "line": 'Street "3"'},
        headers={"Authorization": "${STAGING_AUTH}"},
        sms_options=("credit_card",),
        sms_scripts=("right", "wrong"),
        sms_code="123456",
        three_d=True,
        think_times={"BinNumberPage": 4.25, "ThankYouPage": 0.5},
        verify_tls=False,
    )
    assert scenario.policy.option_value == "pk"
    assert scenario.policy.sms_code == "123456"
    assert scenario.policy.address == {"line": 'Street "3"'}
    assert scenario.headers == {"Authorization": "Basic x"}
    assert scenario.products.pks == ("12", "x-9")
    assert scenario.mix.three_d > 0
    assert scenario.think.pages == {"BinNumberPage": 4.25, "ThankYouPage": 0.5}
    assert list(scenario.target.allowed) == ["staging.example.com"]
    assert not scenario.target.verify_tls


@pytest.mark.parametrize(("accounts", "most"), [(2, 1), (5, 4), (40, 39)])
def test_the_rate_is_so_low_that_the_accounts_last(tmp_path, accounts, most):
    scenario = written(
        tmp_path, options=(CARD,), journeys={"returning": 1}, accounts={"returning": accounts}, journey_seconds=10
    )
    at_once = scenario.profile().peak_rate * 10
    assert 0 < at_once <= most
    assert scenario.duration * scenario.profile().peak_rate >= 3


def test_a_journey_with_one_account_is_left_out():
    facts = ShopFacts(
        journeys={"guest": 1, "returning": 1, "first_time": 1}, accounts={"returning": 1, "first_time": 2}
    )
    assert set(journeys_of(facts)) == {"guest", "first_time"}


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_of_a_shop_is_one_toml_value(text):
    made = scenario_text(ShopFacts(more={"x.y": {text: [text, {"k": text}]}}))
    assert tomllib.loads(made)["x"]["y"] == {text: [text, {"k": text}]}


def test_each_option_that_is_left_out_has_its_reason_beside_the_others():
    broken = OfferedOption("pay_later", left_out="POST /x was refused:\x00\n[payments]\nevil = 1. Ask the shop.")
    made = scenario_text(ShopFacts(options=(CARD, broken, OfferedOption("my_wallet"))))
    assert "# Left out: pay_later, because POST /x was refused: [payments] evil = 1. Ask the shop." in made.splitlines()
    assert tomllib.loads(made)["payments"] == {"credit_card": 1, "minimum": {"credit_card": 1}}


def test_a_low_rate_is_explained():
    few = ShopFacts(options=(CARD,), journeys={"returning": 1}, accounts={"returning": 3}, journey_seconds=60)
    assert "# So low because there are only 3 accounts of one kind" in scenario_text(few)
    assert "So low" not in scenario_text(ShopFacts(options=(CARD,)))


def test_what_was_kept_is_marked():
    made = scenario_text(
        ShopFacts(options=(CARD,), kept=True, more={"think": {"median": "300ms"}, "sms": {"poll": "1s"}})
    )
    assert '# Kept from the scenario that was given.\n[think]\nmedian = "300ms"' in made
