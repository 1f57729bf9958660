"""``[payments.recipes]`` and ``[payments.availability]``: what they add, and what is said of wrong ones."""

import pytest

from scenarios.loading.overrides import apply_overrides
from scenarios.loading.reader import build_scenario
from scenarios.schema.problems import ScenarioError
from users.population.recipes import AvailabilityCheck, RecipePage

WALLET = """
objectives = ["orders[payment=my_wallet] count >= 1", "page.MyWalletPage response_time p95 < 1s", "page.PaymentAvailability failures < 5%"]
[arrivals]
rate = "10/s"
duration = "10s"
[payments]
my_wallet = 3
gpay = 1
[payments.minimum]
my_wallet = 2
[payments.recipes.my_wallet]
pages = [
    { page = "MyWalletPage", fields = { phone = "{phone}", wallet = "{one_of.wallets}" } },
    { page = "MyWalletConfirmPage" },
]
[payments.availability.my_wallet]
path = "/payments/my_wallet/check/"
fields = { phone = "{phone}" }
[conduct]
fallback = "my_wallet"
[think.pages]
MyWalletPage = "2s"
"""


def test_a_recipe_adds_an_option_and_its_pages(written):
    scenario = written(WALLET)
    policy = scenario.policy
    assert policy.recipes["my_wallet"] == (
        RecipePage(
            "MyWalletPage", {"phone": "{phone}", "wallet": "{one_of.wallets}"}, frozenset({"MyWalletConfirmPage"})
        ),
        RecipePage("MyWalletConfirmPage", {}, frozenset({"ThankYouPage", "VerifySmsPage"})),
    )
    assert policy.availability == {
        "my_wallet": AvailabilityCheck("/payments/my_wallet/check/", "POST", {"phone": "{phone}"})
    }
    assert scenario.mix.payments == {"my_wallet": 3.0, "gpay": 1.0}
    assert scenario.mix.own_options == ("my_wallet",)
    assert scenario.payment_names[-1] == "my_wallet"


def test_without_weights_an_own_option_is_one_of_all(written):
    text = WALLET.replace("my_wallet = 3\ngpay = 1\n", "", 1)
    assert written(text).mix.payments["my_wallet"] == written(text).mix.payments["gpay"] == 1.0


def test_a_mix_on_the_command_line_knows_the_own_option_and_keeps_its_recipe(written):
    scenario = written(WALLET.replace('fallback = "my_wallet"', ""))
    chosen = apply_overrides(scenario, {"payment_mix": "my_wallet=1,gpay=1"})
    assert chosen.mix.payments == {"my_wallet": 1.0, "gpay": 1.0}
    assert chosen.policy.recipes == scenario.policy.recipes
    assert apply_overrides(scenario, {"payment_mix": "gpay"}).mix.payments["my_wallet"] == 0.0
    with pytest.raises(ScenarioError, match="my_wallet"):
        apply_overrides(scenario, {"payment_mix": "my_walet"})


def test_a_trace_may_name_the_own_option(written, tmp_path):
    (tmp_path / "arrivals.csv").write_text("time,payment_option\n0,my_wallet\n1,gpay\n")
    rows = 'rate = "10/s"\nduration = "10s"', 'trace = "arrivals.csv"'
    scenario = written(WALLET.replace(*rows).replace("[payments.minimum]\nmy_wallet = 2\n", ""))
    assert scenario.trace.options == {"my_wallet", "gpay"}


@pytest.mark.parametrize(
    ("old", "new", "key", "expected", "remedy"),
    [
        ("gpay = 1", "my_walet = 1", "payments.my_walet", "a payment option: credit_card", "did you mean `my_wallet`?"),
        (
            "gpay = 1",
            "bitcoin = 1",
            "payments.bitcoin",
            "a payment option: credit_card",
            "needs a recipe: [payments.recipes.NAME]",
        ),
        ("my_wallet = 3\n", "", "payments.my_wallet", "a weight, as other options have one", "add `my_wallet = 1`"),
        (
            "{phone}",
            "{fone}",
            "payments.recipes.my_wallet.pages[0].fields.phone",
            "a text with these placeholders only: {email}",
            "did you mean `phone`?",
        ),
        (
            "{one_of.wallets}",
            "{one_of.}",
            "payments.recipes.my_wallet.pages[0].fields.wallet",
            "a text with these placeholders",
            "",
        ),
        (
            'page = "MyWalletPage"',
            'page = "My Wallet"',
            "payments.recipes.my_wallet.pages[0].page",
            "the name of a page of the checkout",
            "",
        ),
        (
            'page = "MyWalletPage",',
            'pag = "MyWalletPage",',
            "payments.recipes.my_wallet.pages[0].pag",
            "one of the known keys: page",
            "did you mean `page`?",
        ),
        (
            '"MyWalletConfirmPage" }',
            '"MyWalletConfirmPage", expect = ["MyWalletPage"] }',
            "payments.recipes.my_wallet.pages[1].expect",
            "ThankYouPage or VerifySmsPage",
            "leave it out",
        ),
        (
            "/payments/my_wallet/check/",
            "https://shop.example/check/",
            "payments.availability.my_wallet.path",
            "a path of the shop",
            "leave out the host",
        ),
        ('path = "/p', 'method = "PUT"\npath = "/p', "payments.availability.my_wallet.method", '"POST" or "GET"', ""),
        (
            "[payments.availability.my_wallet]",
            "[payments.availability.her_wallet]",
            "payments.availability.her_wallet",
            "a payment option",
            "did you mean",
        ),
        ("page.MyWalletPage ", "page.MyWaletPage ", "objectives[1]", "MyWaletPage", "did you mean MyWalletPage"),
        ("payment=my_wallet", "payment=her_wallet", "objectives[0]", "her_wallet", "did you mean my_wallet"),
    ],
)
def test_a_wrong_recipe_is_named_with_its_key_and_a_remedy(complaints, old, new, key, expected, remedy):
    assert old in WALLET
    problems = complaints(WALLET.replace(old, new, 1))
    assert key in problems, problems
    assert expected in problems[key].expected
    assert remedy in problems[key].remedy


def test_a_recipe_without_pages_and_one_with_too_many_are_refused(complaints):
    start = WALLET.index("pages = [")
    end = WALLET.index("]\n[payments.availability")
    for pages in ("", '{ page = "A" },' * 11):
        text = WALLET[:start] + f"pages = [{pages}" + WALLET[end:]
        assert "payments.recipes.my_wallet.pages" in complaints(
            text.replace("page.MyWalletPage ", "page ").replace("MyWalletPage = ", "Basket = ")
        )


def test_names_of_recipes_mean_nothing_in_another_scenario(complaints):
    text = WALLET[: WALLET.index("[payments]")] + '[think.pages]\nMyWalletPage = "2s"\n'
    assert {"objectives[0]", "objectives[1]", "think.pages.MyWalletPage"} <= complaints(text).keys()


def test_results_hold_the_recipe_without_texts_that_may_be_secrets(written):
    asked = written(WALLET.replace('phone = "{phone}", wallet', 'phone = "{phone}", pin = "4711", wallet')).as_asked()
    page = asked["payments"]["recipes"]["my_wallet"]["pages"][0]
    assert page["fields"] == {"phone": "{phone}", "pin": "(hidden)", "wallet": "{one_of.wallets}"}
    assert build_scenario(asked, name="again").payment_names[-1] == "my_wallet"
