"""The list of journeys that covers everything once: a first check of a new target."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import cycle

from shop.contract import PAYMENT_OPTIONS, Flow
from users.journeys.catalogue import JOURNEYS
from users.population.journey_spec import JourneyMix, JourneySpec, SmsScript


def coverage_specs_for(mix: JourneyMix, kinds: Collection[str]) -> tuple[JourneySpec, ...]:
    """Every payment option once, then the special cases: SMS scripts, 3-D Secure, a declined card, leaving early.

    The journeys in ``kinds`` take turns. Weights do not count, but a name with the weight 0 is left out. The plain
    pay-on-delivery journey covers the SMS script ``right``.
    """
    kinds = _wanted(kinds, mix.journeys)
    if not kinds:
        raise ValueError("journeys: every active one has the weight 0; give one a weight above 0")
    payers = [kind for kind in kinds if not JOURNEYS[kind].abandons] or list(kinds)
    options = _wanted(tuple(dict.fromkeys((*PAYMENT_OPTIONS, *mix.own_options))), mix.payments)
    if not options:
        raise ValueError("payments: every option has the weight 0; leave at least one out of the table")
    turns = cycle(payers)
    rows = [JourneySpec(0, next(turns), option) for option in options]
    first = payers[0]
    rows += _special(options, _wanted(SmsScript, mix.sms), first)
    # With fewer options than journeys, some journeys have not had a turn yet.
    seen = {row.journey for row in rows}
    rows += [JourneySpec(0, kind, options[0]) for kind in kinds if kind not in seen]
    return tuple(replace(row, number=number) for number, row in enumerate(rows))


def _special(options: Collection[str], scripts: Collection[str], journey: str) -> Iterator[JourneySpec]:
    for option in options:
        flow = PAYMENT_OPTIONS[option].flow if option in PAYMENT_OPTIONS else None
        if flow is Flow.PAY_ON_DELIVERY:
            for script in scripts:
                if script != SmsScript.RIGHT:
                    yield JourneySpec(0, journey, option, sms=SmsScript(script))
        elif flow is Flow.CARD:
            yield JourneySpec(0, journey, option, three_d=True)
            yield JourneySpec(0, journey, option, declined=True)


def _wanted(
    known: Collection[str] | type[SmsScript], weights: Mapping[str, float] | Mapping[SmsScript, float]
) -> list[str]:
    named = {str(name): weight for name, weight in weights.items()}
    return [str(name) for name in known if named.get(str(name), 1.0) > 0]
