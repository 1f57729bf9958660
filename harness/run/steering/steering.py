"""Steers a run: checks a command, tells the embedded shop and all processes with load, and keeps a record."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from harness.results.result import SteeringChange
from harness.run.run import Run
from harness.run.steering.change import LEAD, LoadChange, Steered, SteeredQuantity, SteeringRefused

logger = logging.getLogger("checkload")

SHORTEST_REST = 2.0
"""Seconds that the load must still be on: a later change would have no effect to see."""

MOST_CHANGES = 500
"""The most commands for one run: the page Live shows each one, every second."""

SteerLoad = Callable[[LoadChange, int | None], None]
"""Gives the change to all processes with load, and shares out so many virtual users among them."""


class Steering:
    """Steers one run, in the process that judges it; ``steer_load`` is ``Load.steer``.

    ``number`` counts the commands that were carried out.
    """

    def __init__(self, run: Run, steer_load: SteerLoad) -> None:
        self._run = run
        self._steer_load = steer_load
        self.number = 0
        self._busy = False

    def steer(self, asked: Mapping[str, Any]) -> Sequence[SteeringChange]:
        """Change the run as asked, and return what changes.

        Raises ``SteeringRefused`` if the run cannot be changed now, ``UsageError`` with all wrong values at once. In both cases
        nothing has changed.
        """
        self._refuse_now()
        steered = self._run.workload.steer(asked, self._run.elapsed, embedded=self._run.target.shop is not None)
        self._busy = True
        try:
            at = self._change_shop(steered)
        finally:
            self._busy = False
        run = self._run
        run.workload.adopt(steered)
        self.number += 1
        change = LoadChange(
            number=self.number,
            at=at,
            rate=steered.rate,
            payments=steered.payments,
            think_scale=steered.think_scale,
        )
        self._steer_load(change, steered.users)
        return self._record(at, steered.quantities)

    def _record(self, at: float, quantities: Iterable[SteeredQuantity]) -> Sequence[SteeringChange]:
        """Record that these quantities change; ``at`` is in seconds from the start of the load."""
        made = [
            SteeringChange(at=round(at, 3), quantity=one.name, before=one.before, after=one.after) for one in quantities
        ]
        self._run.changes += made
        for one in made:
            logger.info("Changed at %.1f s: %s from %s to %s", one.at, one.quantity, one.before, one.after)
        return made

    def _refuse_now(self) -> None:
        run = self._run
        if self._busy:
            raise SteeringRefused("Another change is being made; send this one again.")
        if not run.begun:
            raise SteeringRefused("The load has not started yet; change it once it is on, or stop the run.")
        if self.number >= MOST_CHANGES:
            raise SteeringRefused(
                f"This run has been changed {MOST_CHANGES} times, which is the most; start another run."
            )
        if run.closing or run.elapsed + LEAD + SHORTEST_REST > run.length:
            raise SteeringRefused("The load is ending, so a change would have no effect; start another run.")

    def _change_shop(self, steered: Steered) -> float:
        """Change the embedded shop, if it is to change; returns the moment at which everything else changes."""
        run = self._run
        if steered.change_shop is None:
            return run.elapsed + LEAD
        of_shop = [one for one in steered.quantities if one.of_shop]
        try:
            steered.change_shop(run.target.shop)
        except TimeoutError:
            self._record(run.load_duration, of_shop)
            raise SteeringRefused(
                "The embedded shop did not answer in time. It may still change, so the run counts as changed; nothing else was changed."
            ) from None
        except OSError as error:
            raise SteeringRefused(
                f"The embedded shop did not take the change ({error.strerror or error}); nothing was changed."
            ) from None
        if run.closing:
            # The journeys under way meet a changed shop, so this run proves nothing about its scenario.
            self._record(run.load_duration, of_shop)
            raise SteeringRefused("The load ended meanwhile; only the embedded shop has changed.")
        return run.elapsed + LEAD
