"""A purchase by an option of the shop's own becomes a recipe, without a value that the person typed."""

import recorded_purchases as recorded
from recorded_purchases import envelope, page, purchase

from harness.exits import Exit
from harness.files import parse_toml
from scenarios.doctor.har.examination import examine_recording
from scenarios.doctor.writing import scenario_text
from scenarios.loading.reader import build_scenario

HELD = {"payment_option": {"pk": 7, "slug": "cuzdan", "payment_type": "my_wallet"}}
WALLETS = [{"pk": 91, "value": "blue"}, {"pk": 92, "value": "red"}]


def bought_by_wallet(form, **shown):
    return [
        *purchase()[:7],
        page(
            24,
            "PaymentOptionSelectionPage",
            envelope("MyWalletPage", pre_order=HELD, wallets=WALLETS, wallet_no="W-7", **shown),
            {"payment_option": 7},
        ),
        page(26, "MyWalletPage", envelope("MyWalletConfirmPage", pre_order=HELD), form),
        page(28, "MyWalletConfirmPage", envelope("ThankYouPage", pre_order=HELD), {"agreement": True}),
        purchase()[-1],
    ]


def examined(tmp_path, form, **shown):
    return examine_recording(recorded.write(tmp_path / "recording.har", bought_by_wallet(form, **shown)))


def test_the_pages_of_an_unknown_option_become_a_recipe(tmp_path):
    form = {
        "wallet": 92,
        "colour": "red",
        "no": "W-7",
        "phone_number": recorded.PHONE,
        "card_number": recorded.CARD,
        "agreement": "1",
    }
    found = examined(tmp_path, form)
    assert found.exit is Exit.PASSED, [one.text for one in found.findings]
    text = scenario_text(found.facts)
    scenario = build_scenario(parse_toml(text), name="own")
    first, last = scenario.policy.recipes["my_wallet"]
    assert first.fields == {
        "wallet": "{one_of.wallets}",
        "colour": "{one_of.wallets.value}",
        "no": "{shown.wallet_no}",
        "phone_number": "{phone}",
        "card_number": "{card_number}",
        "agreement": "1",
    }
    assert (first.page, last.page, dict(last.fields)) == ("MyWalletPage", "MyWalletConfirmPage", {"agreement": "true"})
    assert "orders[payment=my_wallet] count >= 1" in text
    assert not [secret for secret in recorded.SECRETS if secret in text]
    assert "recipe" in [one.code for one in found.notes]


def test_a_value_that_nothing_explains_is_named_and_not_written(tmp_path):
    found = examined(tmp_path, {"wallet": 91, "pin": "geheim-4711"})
    assert found.exit is Exit.FAILED
    (finding,) = found.findings
    assert finding.code == "recipe_unknown"
    assert "pin of MyWalletPage" in finding.text
    assert "geheim" not in finding.text + scenario_text(found.facts)
    assert not any(option.covered for option in found.facts.options)
