"""Says what a recording leaves open, and what the scenario does about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from harness.units import format_count
from scenarios.doctor.facts import ShopFacts
from scenarios.doctor.finding import Finding
from scenarios.doctor.har.deviations import Deviations
from scenarios.doctor.har.learning import Learner
from scenarios.doctor.masking import shown_text
from shop.contract import PATHS, Page
from users.population.accounts import AccountPool

RECORDING = "The recording"
_LOGIN = f"POST {PATHS[Page.LOGIN]}"
_AGAIN = "record again with the developer tools open, 'Preserve log' on, and save 'all as HAR with content'"


def buyers(facts: ShopFacts, learner: Learner, accounts: Path | None, shown: str) -> tuple[ShopFacts, list[Finding]]:
    """Who buys: as in the recording, or guests if there are no accounts for it. ``shown`` is the file's name in the scenario.

    Raises ``AccountsRejected`` if the accounts file cannot be used.
    """
    if not learner.signed_in:
        return facts, []
    if accounts is not None:
        saved = [account.saved_choices for account in AccountPool.read_csv(accounts).accounts]
        counts = {"returning": saved.count(True), "first_time": saved.count(False)}
        there = {name: count for name, count in counts.items() if count}
        return replace(facts, accounts_file=shown, accounts=there, journeys=dict.fromkeys(there, 1)), []
    if learner.guests_allowed is False:
        needed = Finding(
            "accounts_needed",
            RECORDING,
            "is of a signed-in customer, and the shop sells nothing to guests",
            "write test accounts into a CSV file, and name it with --accounts",
            "[accounts] file",
            '"accounts.csv"',
        )
        return facts, [needed]
    instead = Finding(
        "guests_instead",
        RECORDING,
        "is of a signed-in customer; the scenario buys as guests, because no test accounts are named",
        "name a CSV file with test accounts with --accounts, to sign in as in the recording",
        "[accounts] file",
        stops=False,
    )
    return replace(facts, journeys={"guest": 1}), [instead]


def findings_of(facts: ShopFacts, learner: Learner, deviations: Deviations, unreadable: int) -> Iterator[Finding]:
    """Everything that the recording leaves open; ``unreadable`` entries of it are no requests."""
    yield from _completeness(learner, deviations, unreadable)
    yield from _target(facts, learner)
    yield from _gates(learner)
    yield from _options(facts, learner)
    for page, names in learner.extra_fields.items():
        yield Finding(
            "extra_fields",
            f"POST {page}",
            f"also sends {', '.join(names)}, which checkload does not send",
            "run the scenario; if the shop refuses this page, it needs these fields",
            stops=False,
        )


def _completeness(learner: Learner, deviations: Deviations, unreadable: int) -> Iterator[Finding]:
    if deviations.without_body:
        yield Finding(
            "no_bodies",
            RECORDING,
            f"lacks the body of {format_count(deviations.without_body, 'reply', 'replies')} of the shop",
            _AGAIN,
            stops=not deviations.checked or not learner.payments.bought,
        )
    if not learner.payments.bought and not learner.payments.left_for_bank:
        yield Finding(
            "no_order",
            RECORDING,
            "ends without an order",
            f"buy something up to the page of thanks; {_AGAIN}",
        )
    if unreadable:
        seen = f"has {format_count(unreadable, 'entry', 'entries')} without a request or a time, which were left out"
        yield Finding("no_requests", RECORDING, seen, "record again if it was not changed by hand", stops=False)


def _target(facts: ShopFacts, learner: Learner) -> Iterator[Finding]:
    if learner.proxied and not any(learner.direct_hosts) and not facts.host:
        yield Finding(
            "api_host_unknown",
            RECORDING,
            "shows the storefront, whose own server talks to the shop; it does not show the address of the shop",
            "start the scenario with --host and the address of the shop's API, and allow its host",
            "[target] allowed",
            stops=False,
        )
    hosts = sorted(filter(None, learner.direct_hosts))
    if len(hosts) > 1:
        yield Finding(
            "several_hosts",
            RECORDING,
            f"has requests to the shop on several hosts: {', '.join(map(shown_text, hosts))}; a scenario sends all of them to one",
            f"start the scenario with --host and an address that serves them all; here it is {facts.host or 'this machine'}",
            "[target] allowed",
            stops=False,
        )
    if learner.languages and "" not in learner.languages:
        before = ", ".join(sorted(learner.languages))
        yield Finding(
            "language_path",
            RECORDING,
            f"has {before} before the paths of the shop, and shoppers of a scenario ask without it",
            "check with checkload doctor --host whether the shop answers there, too; if not, have it serve the API without the language",
            stops=False,
        )
    if learner.csrf_in_page:
        yield Finding(
            "csrf_in_page",
            RECORDING,
            "sends a CSRF token that no cookie has, and that the shop shows at /csrf_token/",
            'the scenario reads it there: csrf_from = "page" in [conduct]',
            "[conduct] csrf_from",
            '"page"',
            stops=False,
        )
    if learner.wants_authorization:
        yield Finding(
            "authorization",
            RECORDING,
            "has the header Authorization: a gate before the shop wants it",
            "set the environment variable STAGING_AUTH to its value before you start the scenario",
            "[headers] Authorization",
            '"${STAGING_AUTH}"',
            stops=False,
        )


def _gates(learner: Learner) -> Iterator[Finding]:
    for page in learner.captchas:
        where = _LOGIN if page == Page.LOGIN else f"POST {page}"
        remedy = "switch the captcha off in the test system, or for this machine"
        yield Finding("captcha", where, "sends the answer to a captcha, which no load test can give", remedy)
    for option in sorted(learner.payments.asked_for_code & learner.payments.bought):
        yield Finding(
            "sms_code",
            "POST /orders/checkout/?page=VerifySmsPage",
            f"asks for a code by SMS after {option}",
            'let the test system accept one fixed code, and name it: code = "123456" in [sms]',
            "[sms] code",
            '"123456"',
        )


def _options(facts: ShopFacts, learner: Learner) -> Iterator[Finding]:
    page = "PaymentOptionSelectionPage"
    if learner.payments.left_for_bank:
        yield Finding(
            "left_outside",
            page,
            f"leads to the page of a bank or a wallet with {_listed(learner.payments.left_for_bank)}, and no way back was recorded",
            "shoppers of the scenario leave there; if the bank sends them back to the shop, record that, too",
            "[external] mode",
            '"stop"',
            stops=False,
        )
    for option, host in learner.payments.bank_hosts.items():
        yield Finding(
            "external_host",
            page,
            f"leads to {shown_text(host)} with {shown_text(option)}, a page of another site",
            "shoppers of the scenario leave there, without an order; to follow it, allow its host in [external] allowed_hosts",
            "[external] mode",
            '"stop"',
            stops=False,
        )
    unused = [option.payment_type for option in facts.options if option.known and not option.covered]
    if unused:
        yield Finding(
            "not_recorded",
            page,
            f"also offers {_listed(unused)}, which the recording does not use",
            "add them to [payments], and run the scenario: checkload knows how to pay with them",
            "[payments]",
            stops=False,
        )
    yield from _recipes(facts, learner)
    unknown = [
        option.payment_type
        for option in facts.options
        if not option.known and not option.covered and option.payment_type not in learner.payments.bought
    ]
    if unknown:
        yield Finding(
            "unknown_option",
            page,
            f"also offers {_listed(unknown)}, which checkload does not know",
            "describe its pages in [payments.recipes], or leave it out",
            "[payments.recipes]",
            stops=False,
        )


def _recipes(facts: ShopFacts, learner: Learner) -> Iterator[Finding]:
    """What is said of the options that checkload does not know and the person paid by."""
    for option in facts.options:
        if option.known or option.payment_type not in learner.payments.bought:
            continue
        name = shown_text(option.payment_type)
        key = f"[payments.recipes.{name}]"
        if option.covered:
            yield Finding(
                "recipe",
                RECORDING,
                f"pays by {name}, which checkload does not know; its pages became a recipe",
                "look at the recipe: a placeholder may stand for another value than you expect",
                key,
                stops=False,
            )
        else:
            fields = ", ".join(list(learner.recipes.unexplained.get(option.payment_type, {}))[:5]) or "its pages"
            yield Finding(
                "recipe_unknown",
                RECORDING,
                f"pays by {name}, which checkload does not know, and does not tell where the values come from: {fields}",
                "describe the pages and these fields in a recipe",
                key,
            )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(shown_text(name) for name in sorted(names))
