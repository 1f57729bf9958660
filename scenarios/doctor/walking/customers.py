"""The accounts of a walk: those of the scenario, or one that is invented to see how the shop answers a sign-in."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

from scenarios.doctor.finding import Finding
from users.population.accounts import Account, AccountPool
from users.population.identity import DOMAIN, random_password

SIGNING_IN = ("returning", "first_time")
"""The journeys that sign in."""


class Customers:
    """Accounts for the journeys that sign in. ``known``: the shop knows them."""

    def __init__(self, pool: AccountPool, *, known: bool) -> None:
        self._pool = pool
        self._known = known
        rng = random.Random()
        self._invented = Account(f"doctor.{rng.getrandbits(32):x}@{DOMAIN}", random_password(rng))

    def has(self, journey: str) -> bool:
        """Whether there is an account of this kind that the shop knows."""
        return self._known and self._pool.free(journey) > 0

    def count(self, journey: str) -> int:
        """How many accounts of this kind the shop knows."""
        return self._pool.free(journey) if self._known else 0

    def can_try(self, journey: str) -> bool:
        """Whether a sign-in is worth a try; without known accounts, one kind of customer is enough for it."""
        return self.has(journey) if self._known else journey == SIGNING_IN[0]

    @property
    def invented(self) -> bool:
        """Whether accounts are invented."""
        return not self._known

    @contextmanager
    def account(self, journey: str) -> Iterator[Account | None]:
        """An account for one journey; ``None`` for a guest."""
        if journey not in SIGNING_IN:
            yield None
        elif not self._known:
            yield self._invented
        else:
            account = self._pool.lease(journey)
            try:
                yield account
            finally:
                if account is not None:
                    self._pool.release(account)

    def missing(self, journey: str) -> Finding:
        """The finding for a journey that has no account."""
        saved = 1 if journey == "returning" else 0
        seen = f"as {journey} was not tried: no account has saved_choices = {saved}"
        remedy = f"add such accounts to the file of [accounts], or give {journey} the weight 0 in [journeys]"
        return Finding("no_accounts", "The sign-in", seen, remedy, "[accounts] file", stops=False)
