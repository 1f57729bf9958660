"""What a walk has learnt of a shop, put together for the scenario to write."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.allowed_targets import is_loopback
from scenarios.doctor.facts import OfferedOption, ShopFacts
from scenarios.doctor.walking.customers import SIGNING_IN, Customers
from scenarios.doctor.walking.examination import Examination
from scenarios.doctor.walking.manner import Manner
from scenarios.doctor.walking.paths import PathEnd
from scenarios.loading.scenario import Scenario
from shop.contract import PATHS, PAYMENT_OPTIONS, Flow, Page
from users.population.journey_spec import ExternalPages, ShopperPolicy, SmsScript

_WEIGHTS = {"guest": 5, "returning": 3, "first_time": 2, "abandoning": 1}
_DONE = (PathEnd.OK, PathEnd.LEFT)
_UNDER_LOAD = (SmsScript.RIGHT, SmsScript.WRONG, SmsScript.RESEND)  # the others wait long, or end without an order
_THINK = 0.3  # seconds before each page, as the scenario is written
_PLAIN_HEADERS = frozenset({"accept", "accept-language", "origin", "referer", "user-agent", "x-currency"})
_KEPT = {
    "target": ("connect_timeout", "read_timeout", "largest_reply", "client"),
    "think": ("median", "sigma", "scale", "pages", "sigmas"),
    "sms": ("share", "poll", "patience"),
    "accounts": ("sign_in",),
    "shop": None,
}
_OF_THE_EMBEDDED_SHOP = frozenset({"shop", ("sms", "share")})


def gather_facts(
    found: Examination, manner: Manner, customers: Customers, scenario: Scenario, folder: Path
) -> ShopFacts:
    """The facts for the scenario that is written into ``folder``."""
    host = urlsplit(found.url).hostname or ""
    policy = manner.policy
    default = ShopperPolicy()
    options = tuple(
        replace(
            option,
            covered=_ended(found, option.payment_type, *_DONE),
            ends_outside=_ended(found, option.payment_type, PathEnd.LEFT)
            or (policy.external is ExternalPages.STOP and option.known and _leaves_shop(option.payment_type)),
            left_out=_why_left_out(found, option),
        )
        for option in found.facts.options
    )
    bought = dict.fromkeys(walked.product for walked in found.paths if walked.product)
    searches = manner.searches and not manner.sold_out
    lengths = [walked.seconds + _THINK * len(walked.exchanges) for walked in found.paths if walked.end in _DONE]
    return ShopFacts(
        host="" if is_loopback(host) else host,
        options=options,
        option_value="pk" if policy.option_value == "pk" else "slug",
        fidelity="storefront" if policy.fidelity == "storefront" else "api",
        csrf_path=None if policy.csrf_path == PATHS[Page.CSRF_TOKEN] else policy.csrf_path,
        csrf_in_page=policy.csrf_in_page,
        locale="" if policy.locale == default.locale else policy.locale,
        currency="" if policy.currency == default.currency else policy.currency,
        journeys=_journeys(found),
        # Generated accounts belong to the embedded shop, and a run generates as many as it needs.
        accounts={journey: customers.count(journey) for journey in SIGNING_IN if scenario.accounts_file},
        accounts_file=_relative(scenario.accounts_file, folder),
        search=manner.products.search if searches else None,
        products=() if searches else tuple(bought) or manner.products.pks or (),
        address={**manner.places.pinned, **policy.address},
        headers=_headers(scenario.document.headers),
        sms_options=tuple(
            dict.fromkeys(
                walked.path.option for walked in found.paths if walked.asked_for_code and walked.end is PathEnd.OK
            )
        ),
        sms_scripts=tuple(script for script in _UNDER_LOAD if any(_answered(walked, script) for walked in found.paths))
        or ("right",),
        sms_code=policy.sms_code,
        external=policy.external.value,
        allowed_hosts=tuple(sorted(policy.allowed_hosts)),
        three_d=policy.external is not ExternalPages.STOP
        and any(walked.path.three_d and walked.end is PathEnd.OK for walked in found.paths),
        journey_seconds=max(lengths, default=12.0),
        verify_tls=scenario.target.verify_tls,
        more=_kept(scenario, embedded=found.embedded),
        kept=True,
    )


def _leaves_shop(option: str) -> bool:
    return PAYMENT_OPTIONS[option].flow in (Flow.WALLET, Flow.BANK_PAGE, Flow.REDIRECTION, Flow.MASTERPASS)


def _ended(found: Examination, option: str, *ends: PathEnd) -> bool:
    """Whether the plain path of this option ended so."""
    plain = [
        walked
        for walked in found.paths
        if walked.path.option == option and not walked.path.three_d and walked.path.sms is SmsScript.RIGHT
    ]
    return bool(plain) and plain[0].end in ends


def _answered(walked: Any, script: SmsScript) -> bool:
    return walked.asked_for_code and walked.path.sms is script and walked.end is PathEnd.OK


def _journeys(found: Examination) -> Mapping[str, float]:
    """A weight for each kind of shopper that reached the end of some path."""
    works = {walked.path.journey for walked in found.paths if walked.end in _DONE}
    if "guest" in works:
        works.add("abandoning")
    return {journey: weight for journey, weight in _WEIGHTS.items() if journey in works}


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of the scenario; a value that may be a secret is replaced by a variable of the environment."""
    return {
        name: value
        if "${" in value or name.lower() in _PLAIN_HEADERS
        else f"${{{re.sub(r'[^A-Za-z0-9]', '_', name).upper()}}}"
        for name, value in headers.items()
    }


def _relative(file: Path | None, folder: Path) -> str:
    return "" if file is None else Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix()


def _why_left_out(found: Examination, option: OfferedOption) -> str:
    walked = next((one for one in found.paths if one.path.option == option.payment_type), None)
    if walked is None:
        return "it was not tried" if option.known else "checkload does not know it; it needs a recipe"
    return walked.finding.text if walked.finding else f"its path ended with: {walked.end}"


def _kept(scenario: Scenario, *, embedded: bool) -> Mapping[str, Mapping[str, Any]]:
    """Keys of the scenario that a walk learns nothing about, as they are written; what only the embedded shop has, only for it."""
    kept: dict[str, Mapping[str, Any]] = {}
    for name, keys in _KEPT.items():
        table = {
            key: value
            for key, value in scenario.written.get(name, {}).items()
            if (keys is None or key in keys) and (embedded or (name, key) not in _OF_THE_EMBEDDED_SHOP)
        }
        if not embedded and name in _OF_THE_EMBEDDED_SHOP:
            continue
        if table:
            kept[name] = table
    payments = scenario.written.get("payments", {})
    for kind in ("recipes", "availability"):
        kept |= {f"payments.{kind}.{option}": table for option, table in payments.get(kind, {}).items()}
    return kept
