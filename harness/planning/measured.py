"""Puts together what several runs show of one shop: its levels, its mix, what it carries, and what gives way first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from harness.planning.carried import Carried, carried_by
from harness.planning.levels import Level, Mix, level_of, mix_of
from harness.result import Result
from harness.verdict import Level as Weight
from harness.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One result under the name that the user gave it, with how many instances the shop had then."""

    name: str
    result: Result
    instances: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is known of a shop. ``capacities`` has one for each number of instances; ``refused`` names results not used, and why.

    ``typical`` is the run from which what-ifs are computed. ``notes`` are for the reader to know.
    """

    levels: tuple[Level, ...]
    mix: Mix
    capacities: tuple[Carried, ...]
    gives_way: str
    typical: Result | None
    refused: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def measured(sources: Sequence[Source], *, outside: Collection[str] = ()) -> Measured:
    """What these results show together; an invalid one shows nothing and is refused by name."""
    levels: list[Level] = []
    refused: list[tuple[str, str]] = []
    best: tuple[float, Result] | None = None
    mix = Mix()
    for source in sources:
        judgement = source.result.judgement
        if judgement.verdict is Verdict.INVALID:
            refused.append((source.name, _why_invalid(source.result)))
            continue
        level = level_of(source.result, source.name, instances=source.instances, outside=outside)
        if level is None:
            refused.append((source.name, "it has no steady part in which journeys were walked"))
            continue
        levels.append(level)
        mix = mix.plus(mix_of(source.result, outside))
        # What held at the highest rate is the best picture of a busy hour; else the calmest of what did not.
        standing = level.rate if level.kept else -level.rate
        if best is None or standing > best[0]:
            best = (standing, source.result)
    numbers = sorted({level.instances for level in levels if level.instances})
    found = [carried_by([level for level in levels if level.instances == number]) for number in numbers]
    return Measured(
        levels=tuple(sorted(levels, key=lambda level: (level.instances or 0, level.rate))),
        mix=mix,
        capacities=tuple(one for one in found if one is not None),
        gives_way=gives_way(levels),
        typical=best[1] if best else None,
        refused=tuple(refused),
        notes=tuple(_notes(sources)),
    )


def gives_way(levels: Sequence[Level]) -> str:
    """The demand that broke at the lowest rate, or where none did, the one with the least room left at the highest."""
    broken = sorted((level for level in levels if level.broken), key=lambda level: level.rate)
    if broken:
        first = broken[0]
        return f"{first.broken[0]} (broken at {first.rate * 60:,.0f} journeys a minute)"
    timed = sorted((level for level in levels if level.patience), key=lambda level: level.rate)
    if timed:
        patience = timed[-1].patience
        nearest = min(patience, key=lambda text: patience[text])
        return f"nothing did yet; {nearest} has the least room left"
    return ""


def _why_invalid(result: Result) -> str:
    causes = [finding.message for finding in result.judgement.findings if finding.level is Weight.INVALID]
    return causes[0] if causes else result.judgement.reason


def _notes(sources: Sequence[Source]) -> list[str]:
    notes = []
    scenarios = sorted({source.result.scenario for source in sources})
    if len(scenarios) > 1:
        notes.append(f"The results are of different scenarios ({', '.join(scenarios)}); their mixes were added up.")
    targets = sorted({source.result.asked.target for source in sources if not source.result.asked.embedded})
    if len(targets) > 1:
        notes.append(f"The results are of different targets ({', '.join(targets)}), taken to be one shop.")
    if any(source.result.asked.model == "closed" for source in sources):
        notes.append("Closed loads are among the results: their rate is what was finished, not what was asked for.")
    return notes
