"""Draws each journey's spec from the mix by seed and number; every process draws the same."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from harness.schedule.partition import spread_evenly
from shop.contract import PAYMENT_OPTIONS, Flow
from users.coverage import coverage_specs_for
from users.journeys.catalogue import JOURNEYS
from users.population.journey_spec import JourneyMix, JourneySpec, SmsScript, TraceRow

_SEED_BITS = 62
_NOTHING = TraceRow()
_SCRIPTS = {str(script): script for script in SmsScript}
_DRAWN = 256  # specs that are kept until they are asked for again


class JourneySampler:
    """Turns the number of an arrival into a journey spec.

    ``total`` is the number of journeys of the run, if known: then guaranteed journeys are spread over the run; otherwise
    they come first. ``active`` names the journeys that may be drawn (``None``: all of the mix). ``trace_rows`` holds, for
    each arrival, what a trace sets and is not drawn. ``payments`` replaces the payment options of the mix, guaranteed ones
    included; the journeys stay those of the mix. An invalid mix raises ``ValueError`` with everything that is wrong.
    """

    def __init__(
        self,
        mix: JourneyMix,
        seed: int,
        total: int | None = None,
        active: Collection[str] | None = None,
        *,
        trace_rows: Sequence[TraceRow] = (),
        payments: Mapping[str, float] | None = None,
    ) -> None:
        _reject_invalid_mix(mix, total, active)
        self._mix = mix
        self._seed = seed
        self._trace_rows = trace_rows
        self._drawn: dict[int, JourneySpec] = {}
        self._guarantees = payments is None
        self._total = total
        self._active = active
        self._kinds = tuple(name for name in JOURNEYS if active is None or name in active)
        self.coverage_specs = coverage_specs_for(mix, self._kinds) if mix.cover else ()
        """The exact list of specs of a covering mix, in order; empty for a mix that is drawn."""
        if mix.cover:
            return
        weights = {name: mix.journeys.get(name, 0.0) for name in self._kinds}
        self._journeys = _WeightedChoice(weights)
        paying = {name: weight for name, weight in weights.items() if not JOURNEYS[name].abandons}
        # A shopper who leaves early pays with nothing, so a guaranteed option needs a journey that pays.
        self._payers = _WeightedChoice(paying) if any(paying.values()) else self._journeys
        self._sms = _WeightedChoice(mix.sms)
        guaranteed = spread_evenly(mix.minimum)
        self._payments = _WeightedChoice(_remaining(mix, total) if payments is None else payments)
        self._guaranteed_numbers = _guaranteed_numbers(guaranteed, total)
        # Under closed load the order of journeys is unknown, so the most frequent one takes all guaranteed options.
        self._main = max(paying or weights, key=weights.__getitem__)
        self._main_slots = _guaranteed_numbers(guaranteed, None)

    def spec_for(self, number: int) -> JourneySpec:
        """The spec of this arrival; numbers count from 0 over the whole run."""
        # Asked for twice: for the arrival's kind when it is due, and when its journey starts.
        drawn = self._drawn.pop(number, None)
        if drawn is None:
            if len(self._drawn) >= _DRAWN:
                self._drawn.clear()
            drawn = self._drawn[number] = self._draw_number(number)
        return drawn

    def _draw_number(self, number: int) -> JourneySpec:
        if self.coverage_specs:
            return self._covered(self.coverage_specs, number, number)
        trace_rows = self._trace_rows[number] if number < len(self._trace_rows) else _NOTHING
        journey = trace_rows.journey if trace_rows.journey in self._kinds else None
        return self._draw(number, journey, trace_rows.option or self._guaranteed_numbers.get(number))

    def spec_of_journey(self, journey: str, n: int) -> JourneySpec:
        """The ``n``-th journey of this kind, for closed load, where each virtual user has its own kind of journey."""
        if journey not in self._kinds:
            raise ValueError(f"journey {journey!r} is not among the active ones: {', '.join(self._kinds)}")
        number = n * len(self._kinds) + self._kinds.index(journey)
        if self.coverage_specs:
            rows = [row for row in self.coverage_specs if row.journey == journey] or [
                replace(row, journey=journey) for row in self.coverage_specs
            ]
            return self._covered(rows, n, number)
        return self._draw(number, journey, self._main_slots.get(n) if journey == self._main else None)

    def with_payments(self, payments: Mapping[str, float]) -> JourneySampler:
        """The same sampler with other weights of payment options, and without guaranteed ones; the journeys stay the same."""
        active, rows = self._active, self._trace_rows
        return JourneySampler(self._mix, self._seed, self._total, active, trace_rows=rows, payments=payments)

    def expected_options(self, walked: Mapping[str, int]) -> Mapping[str, float]:
        """The expected number of journeys by payment option, under closed load; ``walked`` counts journeys by kind."""
        promised = [option for n, option in self._main_slots.items() if n < walked.get(self._main, 0)]
        whole, not_promised = sum(self._mix.payments.values()), sum(walked.values()) - len(promised)
        expected = {
            option: not_promised * weight / whole for option, weight in self._mix.payments.items() if weight > 0
        }
        for option in promised:
            expected[option] = expected.get(option, 0.0) + 1
        return expected

    def _rng(self, number: int) -> random.Random:
        # Python hashes a text with SHA-512, the same in every process; an integer would lose its sign.
        return random.Random(f"{self._seed}:{number}")

    def _covered(self, rows: Collection[JourneySpec], place: int, number: int) -> JourneySpec:
        row = tuple(rows)[place % len(rows)]
        return replace(row, number=number, seed=self._rng(number).getrandbits(_SEED_BITS))

    def _draw(self, number: int, journey: str | None, guaranteed: str | None) -> JourneySpec:
        rng = self._rng(number)
        # Every number is drawn, needed or not: a change of one weight must not shift the other draws.
        seed = rng.getrandbits(_SEED_BITS)
        draw = rng.random
        spin, pay, text, secure, refuse = draw(), draw(), draw(), draw(), draw()
        if journey is None:
            journey = (self._journeys if guaranteed is None else self._payers).at(spin)
        option = (guaranteed if self._guarantees else None) or self._payments.at(pay)
        by_card = option in PAYMENT_OPTIONS and PAYMENT_OPTIONS[option].flow is Flow.CARD
        sms = _SCRIPTS[self._sms.at(text)]
        in_three_d, declined = by_card and secure < self._mix.three_d, by_card and refuse < self._mix.declined
        return JourneySpec(number, journey, option, sms, in_three_d, declined, seed)


class _WeightedChoice:
    """A random choice by weight."""

    def __init__(self, weights: Mapping[str, float] | Mapping[SmsScript, float]) -> None:
        sectors = [(str(name), weight) for name, weight in weights.items() if weight > 0]
        self._names = [name for name, _ in sectors]
        self._edges = list(accumulate(weight for _, weight in sectors))

    def at(self, turn: float) -> str:
        """The name at this uniform random number, 0 to below 1."""
        place = bisect_right(self._edges, turn * self._edges[-1])
        return self._names[min(place, len(self._names) - 1)]


def _guaranteed_numbers(guaranteed: list[str], total: int | None) -> Mapping[int, str]:
    count = len(guaranteed)
    if total is None:
        return {2 * place + 1: option for place, option in enumerate(guaranteed)}
    return {(2 * place + 1) * total // (2 * count): option for place, option in enumerate(guaranteed)}


def _remaining(mix: JourneyMix, total: int | None) -> Mapping[str, float]:
    """The weights of the options that are not guaranteed; together with the guaranteed ones they keep the mix."""
    whole = sum(mix.payments.values())
    if total is None or not mix.minimum or whole <= 0:
        return mix.payments
    left = {
        option: max(0.0, weight / whole * total - mix.minimum.get(option, 0)) for option, weight in mix.payments.items()
    }
    return left if any(left.values()) else mix.payments


def _reject_invalid_mix(mix: JourneyMix, total: int | None, active: Collection[str] | None) -> None:
    options = (*PAYMENT_OPTIONS, *mix.own_options)
    problems = [
        *_unknown("journeys", [*mix.journeys, *(active or ())], JOURNEYS),
        *_unknown("payments", mix.payments, options),
        *_unknown("minimum", mix.minimum, options),
    ]
    weighed: Mapping[str, Mapping[str, float] | Mapping[SmsScript, float]] = {
        "journeys": mix.journeys,
        "payments": mix.payments,
        "sms": mix.sms,
        "minimum": mix.minimum,
    }
    problems += [
        f"{key}.{name} is {weight}; write a number from 0"
        for key, weights in weighed.items()
        for name, weight in weights.items()
        if not 0 <= weight < float("inf")
    ]
    problems += [
        f"{key} is {share}; write a share from 0 to 1"
        for key, share in (("three_d", mix.three_d), ("declined", mix.declined))
        if not 0 <= share <= 1
    ]
    if active is not None and not active:
        problems.append("no journey is active; pick at least one")
    if not mix.cover:
        problems += _missing_weights(mix, total, active)
    if problems:
        raise ValueError("\n".join(problems))


def _missing_weights(mix: JourneyMix, total: int | None, active: Collection[str] | None) -> Iterable[str]:
    if not any(weight > 0 for name, weight in mix.journeys.items() if active is None or name in active):
        yield "journeys: none of the active ones has a weight; give one a weight above 0"
    if not any(weight > 0 for weight in mix.payments.values()):
        yield "payments: no option has a weight; give one a weight above 0"
    if not any(weight > 0 for weight in mix.sms.values()):
        yield "sms: no script has a weight; give right a weight above 0"
    promised = sum(mix.minimum.values())
    if total is not None and promised > total:
        yield f"minimum: {promised} journeys are guaranteed, the run has {total}; guarantee fewer, or run longer"


def _unknown(key: str, given: Iterable[str], known: Collection[str]) -> list[str]:
    return [f"{key}.{name} is unknown; known are {', '.join(known)}" for name in given if name not in known]
