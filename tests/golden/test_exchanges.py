"""The golden exchanges contain nothing but what the description, the recorded replies or the storefront's client say.

All else is a guess and must be marked as one: in the exchange (``source = "guess"``), in ``shop/contract.py``
and in ``docs/guesses.md``.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shop.contract import PAYMENT_OPTIONS, Page, Source
from shop.forms import FORMS
from shop.guesses import GUESSES, guesses_page
from tests.golden.conftest import FOLDER, load
from tests.golden.recorded_keys import TABLE, keys_of

ROOT = Path(__file__).resolve().parents[2]
CHECKOUT = json.loads(TABLE.read_text(encoding="utf-8"))["GET /orders/checkout/"]
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))
# The recording has null or nothing here. The storefront's client reads these keys, and its types say their kinds.
CLIENT_READS = {
    "is_redirected": "boolean",
    "payment_choice": "object",
    "payment_choice.value": "string",
    "credit_payment_option": "object",
    "credit_payment_option.pk": "number",
    "installment": "object",
    "installment.pk": "number",
    "installment.installment_count": "number",
    "installment.label": "string",
}
# What the description prints of a page, besides what was recorded.
DESCRIBED = {
    "PaymentOptionSelectionPage": {
        "checkout_url": "string",
        "status_url": "string",
        "unavailable_options[]": "object",
        **{
            f"unavailable_options[].{key}": "string"
            for key in ("name", "slug", "payment_type", "payment_type_label", "error_message")
        },
        "unavailable_options[].error_code": "number",
    }
}


def steps(name):
    return load(name).steps


def source(step):
    return step.raw.get("source", "client")


@pytest.mark.parametrize("name", NAMES)
def test_every_step_says_where_it_is_known_from(name):
    assert {source(step) for step in steps(name)} <= {word.value for word in Source}


@pytest.mark.parametrize("name", NAMES)
def test_a_form_that_is_a_guess_is_marked_as_one(name):
    for step in steps(name):
        if step.method == "POST" and step.page in FORMS and not step.sends_form_before:
            guessed = FORMS[Page(step.page)].known_from is Source.GUESS
            assert source(step) == "guess" or not guessed, f"{name}: {step}"


@pytest.mark.parametrize("name", NAMES)
def test_every_required_key_is_described_or_recorded(name):
    unfounded = []
    for step in steps(name):
        page, reply = step.reply.get("page"), step.reply
        if source(step) == "guess":
            continue
        known = _below(f"context_list[{page}].page_context.") | DESCRIBED.get(page, {})
        if known:
            unfounded += [f"{step}: {page}: {row}" for row in _unfounded(reply.get("context", {}), known)]
        known = _below("pre_order.") | CLIENT_READS
        unfounded += [f"{step}: pre_order: {row}" for row in _unfounded(reply.get("pre_order", {}), known)]
    assert not unfounded, "\n".join(unfounded)


def _below(start):
    return {path.removeprefix(start): types for path, types in CHECKOUT.items() if path.startswith(start)}


def _unfounded(wanted, known):
    """Wanted keys that are unknown or have another type; ``"$form.x"`` matches any value that was sent."""
    for path, kind in keys_of(wanted):
        types = known.get(path, "")
        if not types or (kind not in types.split() and types != "null" and not _is_sent(wanted, path)):
            yield f"{path} is {kind}, known is {types or 'nothing'}"


def _is_sent(wanted, path):
    for key in path.split("."):
        wanted = wanted.get(key) if isinstance(wanted, dict) else None
    return str(wanted).startswith("$")


def test_every_option_whose_way_is_a_guess_is_marked_in_its_exchange():
    guessed = {slug for slug, option in PAYMENT_OPTIONS.items() if option.completion_known_from is Source.GUESS}
    for name in NAMES:
        exchange = load(name)
        if exchange.option in guessed:
            assert any(source(step) == "guess" for step in exchange.steps), name


def test_the_page_of_guesses_is_the_one_that_the_contract_makes():
    written = (ROOT / "docs" / "guesses.md").read_text(encoding="utf-8")
    assert written == guesses_page(), "run: python -m shop.guesses > docs/guesses.md"
    assert "docs/guesses.md" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"| {page} |" in written for page in GUESSES)
