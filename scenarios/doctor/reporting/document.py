"""Everything that the doctor found as plain JSON values, masked. The terminal and the HTML page show this, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scenarios.doctor.diagnosis.failure import json_object
from scenarios.doctor.diagnosis.html_pages import is_html, title
from scenarios.doctor.exchange import Exchange
from scenarios.doctor.facts import OfferedOption, ShopFacts
from scenarios.doctor.finding import Finding, same_cause
from scenarios.doctor.masking import shown_fields, shown_headers, shown_path, shown_text
from scenarios.doctor.walking.examination import Examination
from scenarios.doctor.walking.paths import PathEnd, WalkedPath
from scenarios.doctor.writing import journeys_of
from shop.contract import PAYMENT_OPTIONS
from users.journeys.diagnosis import shop_error_text

SCHEMA_VERSION = 1

VERDICTS = {0: "passed", 3: "failed", 4: "invalid", 5: "inconclusive"}

Document = Mapping[str, Any]


def document(found: Examination, written: str = "") -> dict[str, Any]:
    """The whole examination; ``written`` is the name of the scenario file that was written."""
    return {
        "schema_version": SCHEMA_VERSION,
        "target": "" if found.embedded else found.url,
        "verdict": VERDICTS[found.exit],
        "exit_code": int(found.exit),
        "headline": headline(found),
        "findings": [finding_document(one, _stopped_by(one, found.paths)) for one in found.findings],
        "notes": [finding_document(one, ()) for one in found.notes],
        "changed": found.changed,
        "places_orders": found.places_orders,
        "embedded": found.embedded,
        "orders": {
            "placed": len(found.orders),
            "numbers": [one.receipt.order_number for one in found.orders if one.receipt],
            "possible": found.possible_orders,
            "look_for": found.order_search,
        },
        "offers": [offer(option) for option in found.facts.options],
        "covers": coverage(found.facts),
        "written": written,
        "ended_early": found.ended_early,
        "paths": [_path(walked) for walked in found.paths],
    }


def headline(found: Examination) -> str:
    """The answer in one line."""
    walked, stopped = len(found.paths), len(found.stopped)
    paths = f"{walked} path{'s' * (walked != 1)}"
    bought = any(option.covered for option in found.facts.options)
    if found.findings and stopped:
        return f"{found.name}: {stopped} of {paths} stopped. What to change:"
    if found.findings:
        passed = bought or not found.places_orders
        answer = "nothing could be bought. What to change"
        if passed:
            after = (
                "after these changes of the scenario"
                if found.changed
                else "but under load they would not. What to change"
            )
            answer = f"all {paths} passed{' ' if found.changed else ', '}{after}"
        return f"{found.name}: {answer}:"
    if found.ended_early:
        return f"{found.name}: the walk ended early: it {found.ended_early}."
    if not bought:
        return f"{found.name}: nothing was bought, so it is not known whether the shop can be loaded."
    if not found.places_orders:
        return f"{found.name}: all {paths} passed up to the payment; no order was placed, so the rest is not known."
    skipped = sum(one.end is PathEnd.SKIPPED for one in found.paths)
    were = f"{skipped} {'was' if skipped == 1 else 'were'} skipped (see below)"
    answer = f"{walked - skipped} of {paths} passed, {were}" if skipped else f"all {paths} passed"
    return f"{found.name}: {answer}. checkload can load this shop."


def finding_document(finding: Finding, stops: Sequence[str]) -> dict[str, Any]:
    """A finding; ``stops`` are the paths that ended there."""
    return {
        "code": finding.code,
        "page": finding.page,
        "seen": finding.seen,
        "remedy": finding.remedy,
        "text": finding.text,
        "change": [{"key": key, "value": value} for key, value in ((finding.key, finding.value), *finding.also) if key],
        "stops": list(stops),
    }


def _stopped_by(finding: Finding, paths: Sequence[WalkedPath]) -> list[str]:
    return [
        walked.path.name
        for walked in paths
        if walked.end is PathEnd.STOPPED and walked.finding is not None and same_cause(walked.finding, finding)
    ]


def offer(option: OfferedOption) -> dict[str, Any]:
    """A payment option that the shop offers."""
    return {
        "payment_type": option.payment_type,
        "slug": option.slug,
        "pk": option.pk,
        "name": option.name,
        "known": option.known,
        "covered": option.covered,
    }


def coverage(facts: ShopFacts) -> dict[str, Any]:
    """What a scenario can cover."""
    covered = [option.payment_type for option in facts.options if option.covered]
    return {
        "payment_options": covered,
        "not_offered": [name for name in PAYMENT_OPTIONS if name not in {one.payment_type for one in facts.options}],
        "journeys": list(journeys_of(facts)) if covered else [],
        "three_d": facts.three_d,
        "sms": list(facts.sms_scripts) if facts.sms_options else [],
        "sms_options": list(facts.sms_options),
    }


def _path(walked: WalkedPath) -> dict[str, Any]:
    receipt = walked.receipt
    return {
        "name": walked.path.name,
        "end": walked.end.value,
        "order": receipt.order_number if receipt else "",
        "amount": receipt.amount / 100 if receipt else None,
        "seconds": round(walked.seconds, 4),
        "changed": list(walked.changed),
        "finding": walked.finding.text if walked.finding else "",
        "exchanges": [exchange_document(one) for one in walked.exchanges],
    }


def exchange_document(exchange: Exchange) -> dict[str, Any]:
    """One exchange, masked: what was sent, what came, and in which time."""
    return {
        "method": exchange.method,
        "path": shown_path(exchange.path),
        "sent": shown_fields(exchange.fields),
        "headers": shown_headers(exchange.headers),
        "status": exchange.status,
        "seconds": round(exchange.seconds, 6),
        "media": shown_text(exchange.media),
        "bytes": len(exchange.body),
        "failure": exchange.failure,
        "came": _summary(exchange),
        "reply_headers": shown_headers(exchange.reply_headers),
        "reply": shown_fields(json_object(exchange)),
    }


def _summary(exchange: Exchange) -> str:
    """What came, in one line."""
    if exchange.failure or not exchange.body:
        return exchange.failure
    found = json_object(exchange)
    if not found:
        return f"the page {title(exchange)!r}" if is_html(exchange) else ""
    said = shop_error_text(exchange.status, exchange.body)
    entries = found.get("context_list")
    if not isinstance(entries, list):
        keys = ", ".join(str(shown) for shown in shown_fields(dict.fromkeys(list(found)[:8])))
        return said or f"with {keys}"
    pages = [one.get("page_name") for one in entries if isinstance(one, dict)]
    named = [shown_text(page) for page in pages if isinstance(page, str)]
    shows = f"shows {named[-1]}" if named else "shows no page"
    return f"{shows}: {said}" if found.get("errors") and said else shows
