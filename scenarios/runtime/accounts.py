"""The accounts of a scenario: generated, or read from a file."""

from __future__ import annotations

from functools import cached_property

from harness.errors import UsageError
from scenarios.loading.scenario import Scenario
from users.population.accounts import AccountPool, AccountsRejected


class ScenarioAccounts:
    """The accounts of one scenario, made or read when they are needed first."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario

    @cached_property
    def pool(self) -> AccountPool:
        """All accounts; raises ``UsageError`` if the file is wrong."""
        file, numbers = self._scenario.accounts_file, self._scenario.generated_accounts
        if file is None:
            return AccountPool.generate(numbers["returning"], numbers["first_time"], self._scenario.seed)
        try:
            return AccountPool.read_csv(file)
        except AccountsRejected as rejected:
            raise UsageError(f"{file}:\n{rejected}") from None
