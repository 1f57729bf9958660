"""Card numbers and known secrets are removed from texts and values."""

import pytest

from harness.results.redact import Redactor


@pytest.mark.parametrize(
    "card",
    ["4111111111111111", "4000 0000 0000 0002", "3782-822463-10005", "6011111111111117", "4222222222222"],
)
def test_card_numbers_are_removed_in_every_spelling(card):
    redactor = Redactor()
    assert redactor.redact_text(f"paid with {card}, thank you") == "paid with [removed], thank you"
    assert redactor.removed == 1


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112",  # the check digit is wrong
        "411111111111",  # twelve digits
        "41111111111111111111",  # twenty digits
        "baseline-20260102T030405Z-000000",
        "2026-01-02T03:04:05+00:00",
        "1,234,567 of 8,901,234 samples",
    ],
)
def test_other_numbers_stay(text):
    redactor = Redactor()
    assert redactor.redact_text(text) == text
    assert redactor.removed == 0


def test_secrets_are_also_removed_in_url_encoding():
    redactor = Redactor(["s3cret/&x"])
    assert redactor.redact_text("a s3cret/&x b s3cret%2F%26x") == "a [removed] b [removed]"
    assert redactor.removed == 2


def test_a_secret_within_a_longer_one_leaves_nothing_behind():
    assert Redactor(["word", "password"]).redact_text("my password") == "my [removed]"


def test_short_secrets_are_not_searched_for():
    assert Redactor(["123", ""]).redact_text("0.123 s") == "0.123 s"


def test_own_words_stay_only_as_a_whole_text():
    redactor = Redactor(["passed"], own_words={"passed"})
    assert redactor.redact_text("passed") == "passed"
    assert redactor.redact_text("it passed") == "it [removed]"


def test_foreign_values_are_searched_in_keys_and_numbers_too():
    redactor = Redactor(["hunter2"])
    foreign = {"hunter2": [4111111111111111, 5, True, None, 2.5, {"x": "hunter2"}]}
    assert redactor.redact_value(foreign, foreign=True) == {
        "[removed]": ["[removed]", 5, True, None, 2.5, {"x": "[removed]"}]
    }


def test_own_values_keep_their_keys_and_numbers():
    redactor = Redactor(["hunter2"])
    assert redactor.redact_value({"hunter2": 4111111111111111, "x": "hunter2"}) == {
        "hunter2": 4111111111111111,
        "x": "[removed]",
    }
