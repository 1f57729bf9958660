"""Checks whether the values of a scenario fit together, and whether its files exist."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from harness import files
from harness.objectives import parser
from harness.objectives.model import Metric
from harness.shop_metrics.objective import is_metric_objective
from harness.units import MAX_DURATION
from scenarios.loading.arrival_trace import TraceError, load_trace
from scenarios.loading.capacity_checks import capacity_problems
from scenarios.loading.headers import header_problems
from scenarios.loading.products import address_problems, product_problems
from scenarios.loading.recipes import recipe_problems
from scenarios.schema.load import ArrivalsSection, ClosedSection
from scenarios.schema.names import JOURNEY_NAMES, SMS_NAMES, OwnNames
from scenarios.schema.problems import ABSENT, Problem
from scenarios.schema.scenario_file import ScenarioDocument

Problems = Iterator[Problem]

MOST_ARRIVALS = 1_000_000_000
"""The most arrivals of one run: more than the default highest rate brings in thirty days."""

MOST_COVERED = 100
"""An upper bound for the number of journeys of a scenario with `cover`."""


def consistency_problems(document: ScenarioDocument, wrong: set[str], folder: Path) -> Problems:
    """Yield a problem for each pair of values that do not fit together.

    ``wrong`` names the top-level keys with errors of their own; checks that need them are skipped.
    """
    for needs, check in _CHECKS:
        if not needs & wrong:
            yield from check(document, folder)


def _open_limits(document: ScenarioDocument, _folder: Path) -> Problems:
    arrivals = document.arrivals
    if arrivals is None:
        return
    profile, ceiling = arrivals.profile, document.target.highest_rate
    if profile is not None and arrivals.warm_up >= profile.duration and not document.cover:
        yield Problem(
            "arrivals.warm_up",
            arrivals.warm_up,
            f"less than the {profile.duration:g} s of the profile: objectives judge the rest",
            "shorten it",
        )
    yield from _too_long(document)
    if profile is not None and profile.peak_rate == 0 and arrivals.rates():
        yield Problem("arrivals.stages", 0, "a rate above 0 in at least one stage", "raise a rate")
    for key, rate in arrivals.rates():
        if rate > ceiling:
            yield Problem(
                key,
                f"{rate:g}/s",
                f"at most target.highest_rate, {ceiling:g}/s",
                "lower it, or raise target.highest_rate",
            )
    yield from _too_many_users("arrivals.users", arrivals, document)


def _too_long(document: ScenarioDocument) -> Problems:
    """Yield a problem for a profile that is too long or has too many arrivals."""
    arrivals = document.arrivals
    assert arrivals is not None, "only called for an open load"  # noqa: S101
    key, days = "arrivals.stages" if arrivals.stages else "arrivals.duration", MAX_DURATION / 86_400
    if document.cover:
        place, rate = max(arrivals.rates(), key=lambda each: each[1])
        if 0 < rate < MOST_COVERED / MAX_DURATION:
            expected = f"a rate that runs every journey within {days:.0f} days"
            yield Problem(place, f"{rate:g}/s", expected, "raise it")
        return
    profile = arrivals.profile
    if profile is None:
        return
    if profile.duration > MAX_DURATION:
        yield Problem(key, f"{profile.duration:g} s", f"at most {days:.0f} days in total", "shorten it")
    elif profile.expected > MOST_ARRIVALS:
        most = f"at most {MOST_ARRIVALS:,} arrivals; this profile brings {profile.expected:,.0f}"
        yield Problem(key, f"{profile.duration:g} s", most, "shorten it, or lower the rate")


def _closed_limits(document: ScenarioDocument, _folder: Path) -> Problems:
    closed = document.closed
    if closed is None:
        return
    warm_up, needed = closed.warm_up_seconds, closed.users / closed.spawn_rate
    if warm_up >= closed.duration:
        yield Problem(
            "closed.warm_up", warm_up, f"less than closed.duration, {closed.duration:g} s", "lengthen closed.duration"
        )
    elif warm_up < needed:
        yield Problem(
            "closed.warm_up",
            warm_up,
            f"at least {needed:g} s: {closed.users} users take that long to start at {closed.spawn_rate:g}/s",
            "leave it out, or raise closed.spawn_rate",
        )
    yield from _too_many_users("closed.users", closed, document)


def _too_many_users(key: str, load: ArrivalsSection | ClosedSection, document: ScenarioDocument) -> Problems:
    most = document.target.most_users
    if load.users is None:
        return
    if load.users > most:
        yield Problem(key, load.users, f"at most target.most_users, {most}", "lower it, or raise target.most_users")
    for name in ("returning", "first_time"):
        count = getattr(document.accounts, name)
        if count is not None and count < load.users and document.accounts.file is None:
            yield Problem(
                f"accounts.{name}",
                count,
                f"one account for each of the {load.users} virtual users: two journeys cannot share an account",
                f"raise it to {load.users}, or leave it out",
            )


def _weights(document: ScenarioDocument, _folder: Path) -> Problems:
    tables = (
        ("journeys", document.journeys, JOURNEY_NAMES),
        ("payments", document.payments.weights, OwnNames(tuple(document.payments.recipes)).payments),
        (
            "sms",
            {name: getattr(document.sms, name) for name in SMS_NAMES if name in document.sms.model_fields_set},
            SMS_NAMES,
        ),
    )
    for key, weights, names in tables:
        # With `cover`, names without a weight take part, too.
        if weights and not any(weights.values()) and (not document.cover or set(weights) == set(names)):
            yield Problem(
                key,
                weights,
                "a weight above 0 for at least one of them",
                "raise one, or leave the table out for equal weights",
            )


def _cover(document: ScenarioDocument, _folder: Path) -> Problems:
    arrivals = document.arrivals
    if arrivals is None or not document.cover:
        return
    if arrivals.warm_up > 0:
        yield Problem(
            "arrivals.warm_up", arrivals.warm_up, "no warm-up with `cover`: every journey counts", "leave it out"
        )
    if arrivals.process != "uniform" and "process" in arrivals.model_fields_set:
        yield Problem(
            "arrivals.process",
            arrivals.process,
            '"uniform": with "poisson", the number of arrivals is random',
            "leave it out",
        )


def _stop_when_certain_problems(document: ScenarioDocument, _folder: Path) -> Problems:
    if document.cover and document.stop.when_certain:
        yield Problem("stop.when_certain", True, "no early end with `cover`: every journey must run", "leave it out")


def _minimum(document: ScenarioDocument, _folder: Path) -> Problems:
    arrivals, minimum = document.arrivals, document.payments.minimum
    profile = arrivals.profile if arrivals else None
    if profile is None or document.cover:
        return
    guaranteed, expected = sum(minimum.values()), profile.expected
    if guaranteed > expected:
        yield Problem(
            "payments.minimum",
            minimum,
            f"at most {expected:.0f} in total, as many as the profile has journeys; these are {guaranteed}",
            "lower them, or lengthen the profile",
        )


def _trace(document: ScenarioDocument, folder: Path) -> Problems:
    arrivals = document.arrivals
    if arrivals is None or arrivals.trace is None or document.cover:
        return
    options = OwnNames(tuple(document.payments.recipes)).payments
    try:
        found = load_trace(folder / arrivals.trace, arrivals.rate_scale, arrivals.time_scale, document.seed, options)
    except TraceError as error:
        yield from error.problems
        return
    profile, ceiling = found.profile, document.target.highest_rate
    if profile.duration > MAX_DURATION:
        yield Problem("arrivals.trace", arrivals.trace, f"at most {MAX_DURATION / 86_400:.0f} days", "lower time_scale")
    if profile.peak_rate > ceiling:
        yield Problem(
            "arrivals.trace",
            arrivals.trace,
            f"at most target.highest_rate, {ceiling:g}/s; this trace peaks at {profile.peak_rate:g}/s",
            "lower rate_scale, raise time_scale, or raise target.highest_rate",
        )
    if arrivals.warm_up >= profile.duration:
        yield Problem(
            "arrivals.warm_up", arrivals.warm_up, f"less than the {profile.duration:g} s of the trace", "shorten it"
        )
    minimum = {slug: count for slug, count in document.payments.minimum.items() if count}
    if minimum and found.options:
        yield Problem(
            "payments.minimum",
            minimum,
            "no minimum together with a trace that has payment options",
            "leave one of them out",
        )


def _closed_objectives(document: ScenarioDocument, _folder: Path) -> Problems:
    for index, text in enumerate(document.objectives if document.closed else ()):
        if not is_metric_objective(text) and parser.parse(text).metric is Metric.DROPPED:
            yield Problem(
                f"objectives[{index}]",
                text,
                "no objective for dropped arrivals: a closed load has no arrivals",
                "leave it out, or use [arrivals]",
            )


def _prometheus(document: ScenarioDocument, _folder: Path) -> Problems:
    wanted = [index for index, text in enumerate(document.objectives) if is_metric_objective(text)]
    if wanted and document.prometheus is None:
        yield Problem(
            "prometheus.url",
            ABSENT,
            f"the address of the Prometheus that objectives[{wanted[0]}] asks",
            'add for example [prometheus] url = "http://127.0.0.1:9090"',
        )


def _sms_share(document: ScenarioDocument, _folder: Path) -> Problems:
    share, settings = document.sms.share, document.shop.sms
    if share is not None and "share" in settings.model_fields_set and settings.share != share:
        yield Problem(
            "shop.sms.share", settings.share, f"the same share as sms.share, {share:g}", "leave one of them out"
        )


def _accounts_file(document: ScenarioDocument, folder: Path) -> Problems:
    name = document.accounts.file
    if name is not None and not files.is_file(folder / name):
        yield Problem("accounts.file", name, "an existing file; its path is relative to the scenario file")


def _shop_files(document: ScenarioDocument, _folder: Path) -> Problems:
    shop = document.shop
    # The shop opens these files before it listens. A FIFO would block it for ever.
    if shop.accounts_file is not None and not files.is_file(Path(shop.accounts_file)):
        yield Problem(
            "shop.accounts_file",
            shop.accounts_file,
            "an existing file; its path is relative to the folder in which the run starts",
        )
    if shop.access_log is not None and Path(shop.access_log).name and files.is_fifo(Path(shop.access_log)):
        yield Problem("shop.access_log", shop.access_log, "a regular file, not a FIFO")


_CHECKS: tuple[tuple[set[str], Callable[[ScenarioDocument, Path], Problems]], ...] = (
    ({"arrivals", "target", "accounts"}, _open_limits),
    ({"capacity", "closed", "cover", "target", "payments", "objectives", "stop"}, capacity_problems),
    ({"closed", "target", "accounts"}, _closed_limits),
    ({"journeys", "payments", "sms", "cover"}, _weights),
    ({"payments"}, recipe_problems),
    ({"arrivals", "cover"}, _cover),
    ({"stop", "cover"}, _stop_when_certain_problems),
    ({"arrivals", "payments", "cover"}, _minimum),
    ({"arrivals", "target", "payments", "cover", "seed"}, _trace),
    ({"closed", "objectives"}, _closed_objectives),
    ({"prometheus", "objectives"}, _prometheus),
    ({"sms", "shop"}, _sms_share),
    ({"accounts"}, _accounts_file),
    ({"shop"}, _shop_files),
    ({"headers"}, header_problems),
    ({"products", "conduct"}, product_problems),
    ({"address"}, address_problems),
)
