"""Combines the results of several runs of one shop: its levels, its mix, its capacity, and its first limit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from harness.capacity.bottleneck import Bottleneck
from harness.objectives.verdict import Severity, Verdict
from harness.planning.carried_capacity import CarriedCapacity, EvidenceGrade, capacity_from_levels
from harness.planning.load_levels import LoadLevel, PaymentMix, payment_mix_of, steady_level
from harness.planning.search_levels import capacity_of_search, confirmed_excerpt, levels_of_search
from harness.results.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultSource:
    """One result with the name that the user gave it and the number of instances of the shop."""

    name: str
    result: Result
    instances: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopMeasurements:
    """The measurements of a shop.

    ``capacities`` has one entry for each number of instances. ``refused`` has the names of unused results with the reason.
    ``typical`` is the run that what-ifs are computed from. ``notes`` are sentences for the reader. ``left_out`` are the levels that
    say nothing about the shop, each with its reason.
    """

    levels: tuple[LoadLevel, ...]
    mix: PaymentMix
    capacities: tuple[CarriedCapacity, ...]
    gives_way: str
    typical: Result | None
    refused: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    left_out: tuple[LoadLevel, ...] = ()


def combine_results(sources: Sequence[ResultSource], *, external_pages: Collection[str] = ()) -> ShopMeasurements:
    """Combine these results; an invalid one is not used and named in ``refused``."""
    levels: list[LoadLevel] = []
    left_out: list[LoadLevel] = []
    refused: list[tuple[str, str]] = []
    typical: list[tuple[float, Result]] = []
    searched: list[CarriedCapacity] = []
    gave_way: list[str] = []
    mix = PaymentMix()
    for source in sources:
        judgement = source.result.judgement
        if judgement.verdict is Verdict.INVALID:
            refused.append((source.name, _why_invalid(source.result)))
            continue
        answer = source.result.capacity
        if answer is not None:
            every = levels_of_search(
                source.result, answer, source.name, instances=source.instances, external_pages=external_pages
            )
            levels += [level for level in every if not level.left_out]
            left_out += [level for level in every if level.left_out]
            found = capacity_of_search(answer, source.name, source.instances)
            if found is None:
                refused.append((source.name, f"its search found nothing: {answer.why}"))
                continue
            searched.append(found)
            mix = mix.plus(payment_mix_of(source.result, external_pages))
            typical.append((found.likely, confirmed_excerpt(source.result, answer)))
            if answer.gave_way is not None:
                gave_way.append(_gave_way(answer.gave_way))
            continue
        level = steady_level(source.result, source.name, instances=source.instances, external_pages=external_pages)
        if level is None:
            refused.append((source.name, "its steady part has no journeys"))
            continue
        levels.append(level)
        mix = mix.plus(payment_mix_of(source.result, external_pages))
        # The highest rate that held is most like a busy hour. Without one, it is the lowest rate that broke an objective.
        typical.append((level.rate if level.kept else -level.rate, source.result))
    numbers = sorted(
        {level.instances for level in levels if level.instances} | {one.instances or 1 for one in searched}
    )
    found_for = [_surest(number, levels, searched) for number in numbers]
    return ShopMeasurements(
        levels=tuple(sorted(levels, key=lambda level: (level.instances or 0, level.rate))),
        mix=mix,
        capacities=tuple(one for one in found_for if one is not None),
        gives_way=gave_way[0] if gave_way else gives_way(levels),
        typical=max(typical, key=lambda one: one[0])[1] if typical else None,
        refused=tuple(refused),
        notes=tuple(_notes(sources)),
        left_out=tuple(left_out),
    )


def gives_way(levels: Sequence[LoadLevel]) -> str:
    """The objective that broke at the lowest rate; if none broke, the one with the least room at the highest rate."""
    broken = sorted((level for level in levels if level.broken), key=lambda level: level.rate)
    if broken:
        first = broken[0]
        return f"{first.broken[0]} (broken at {first.rate * 60:,.0f} journeys a minute)"
    timed = sorted((level for level in levels if level.patience), key=lambda level: level.rate)
    if timed:
        patience = timed[-1].patience
        nearest = min(patience, key=lambda text: patience[text])
        return f"no objective broke; {nearest} has the least room left"
    return ""


def _surest(number: int, levels: Sequence[LoadLevel], searched: Sequence[CarriedCapacity]) -> CarriedCapacity | None:
    """The capacity of this number of instances: from the search with the best evidence, or else from single runs."""
    answers = [one for one in searched if one.instances == number]
    known = (
        [one for one in answers if one.grade is EvidenceGrade.CONFIRMED]
        or [one for one in answers if one.likely > 0]
        or answers
    )
    if known:
        # If two searches disagree, the lower capacity counts.
        return min(known, key=lambda one: one.likely)
    return capacity_from_levels([level for level in levels if level.instances == number])


def _gave_way(first: Bottleneck) -> str:
    places = [
        f"page {first.page}" if first.page else "",
        f"payment option {first.payment_option}" if first.payment_option else "",
    ]
    where = " and ".join(place for place in places if place)
    return first.objective + (f", most of all {where}" if where else "")


def _why_invalid(result: Result) -> str:
    causes = [finding.message for finding in result.judgement.findings if finding.level is Severity.INVALID]
    return causes[0] if causes else result.judgement.reason


def _notes(sources: Sequence[ResultSource]) -> list[str]:
    notes = []
    scenarios = sorted({source.result.scenario for source in sources})
    if len(scenarios) > 1:
        notes.append(f"The results are of different scenarios ({', '.join(scenarios)}); their mixes were added up.")
    targets = sorted({source.result.asked.target for source in sources if not source.result.asked.embedded})
    if len(targets) > 1:
        notes.append(f"The results are of different targets ({', '.join(targets)}); they count as one shop.")
    embedded = [source for source in sources if source.result.asked.embedded]
    shops = {(source.instances, str(source.result.asked.scenario.get("shop"))) for source in embedded}
    if len(shops) > len({source.instances for source in embedded}):
        notes.append(
            "The embedded shop differs between the results (their [shop] tables are not equal), but they count as one shop. "
            "Give results of one shop only."
        )
    if any(source.result.asked.model == "closed" for source in sources):
        notes.append("Some results are of closed loads: their rate is the rate of finished journeys, not of arrivals.")
    return notes
