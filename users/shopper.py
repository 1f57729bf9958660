"""The Locust users: one class per journey. Each is a virtual user that waits for the next arrival of its kind."""

from __future__ import annotations

from typing import Any, ClassVar

import gevent
from gevent.event import AsyncResult
from locust import User, tag, task

from harness.run.registry import current_load
from harness.schedule.dispatch import Assignment
from users.host_shopper import HostShopper


class ShopperUser(User):
    """A virtual user. The schedule decides when it shops, and ``users.journeys`` what it does.

    In a paired load it makes each journey at both hosts at the same moment; the host that comes first alternates.
    """

    abstract = True
    kind: ClassVar[str] = ""

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.load = current_load(environment)
        self._hosts = [HostShopper(self, load) for load in (self.load, self.load.candidate) if load is not None]
        self._assigned: AsyncResult[None] = AsyncResult()
        self._assignment: Assignment | None = None

    def take(self, assignment: Assignment) -> None:
        """Take the next arrival; the schedule calls this."""
        self._assignment = assignment
        self._assigned.set()

    def wait_time(self) -> float:
        """Wait for an arrival. Locust counts a user in here as waiting, so it can stop it at once."""
        if self._assignment is None:
            self._assigned = AsyncResult()
            self.load.wait_for_arrival(self)
            if self._assignment is None:
                self._assigned.get()
        return 0.0

    def on_stop(self) -> None:
        """Clean up: return an arrival that did not start to the schedule, and the account to the pool."""
        self.load.withdraw(self)
        if self._assignment is not None:
            assignment, self._assignment = self._assignment, None
            self.load.give_back(assignment)
        for host in self._hosts:
            host.close()

    def run_journey(self) -> None:
        """Run one journey at each host, from the first page to a receipt or to one named failure."""
        assignment, self._assignment = self._assignment, None
        if assignment is None:
            return
        spec, hosts = self.load.worker_context.spec_for(assignment.arrival), self._hosts
        try:
            for host in hosts:
                host.lease_account(spec)
            if len(hosts) == 1:
                hosts[0].run_journey(spec, assignment)
            else:
                first, second = hosts if spec.number % 2 == 0 else reversed(hosts)
                # It starts when the first one waits for its reply.
                other = gevent.spawn(second.run_journey, spec, assignment)
                try:
                    first.run_journey(spec, assignment)
                    other.get()
                finally:
                    other.kill()
        finally:
            # The accounts of both hosts are released together, so that both hosts see the same ones in the same order.
            if not all(host.stays_signed_in for host in hosts):
                for host in hosts:
                    host.release_account()


class Guest(ShopperUser):
    """Buys without an account."""

    kind = "guest"

    @tag("guest")
    @task
    def guest(self) -> None:
        """One journey of a guest."""
        self.run_journey()


class Returning(ShopperUser):
    """Signs in; with the saved choices, the checkout opens on the payment page."""

    kind = "returning"

    @tag("returning")
    @task
    def returning(self) -> None:
        """One journey of a returning customer."""
        self.run_journey()


class FirstTime(ShopperUser):
    """Signs in, and has to choose address and delivery first."""

    kind = "first_time"

    @tag("first_time")
    @task
    def first_time(self) -> None:
        """One journey of a new customer."""
        self.run_journey()


class Abandoning(ShopperUser):
    """Leaves before paying."""

    kind = "abandoning"

    @tag("abandoning")
    @task
    def abandoning(self) -> None:
        """One journey that ends early."""
        self.run_journey()
