"""What a walk takes from a scenario: what to leave out, and what the scenario itself uses."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from scenarios.doctor.walking.customers import SIGNING_IN
from scenarios.doctor.walking.paths import WalkPath
from scenarios.loading.scenario import Scenario
from scenarios.schema.names import SMS_NAMES
from users.population.journey_spec import SmsScript

_BUYERS = ("guest", *SIGNING_IN)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the walk tries: everything but what the scenario excludes with a weight of 0.

    ``options`` are those that the scenario names. What a scenario does not use cannot fail it: ``uses`` tells.
    """

    journeys: Collection[str] = _BUYERS
    scripts: Collection[SmsScript] = tuple(SmsScript)
    three_d: bool = True
    options: Collection[str] = ()
    excluded: Collection[str] = ()
    used_journeys: Collection[str] = _BUYERS
    used_scripts: Collection[SmsScript] = tuple(SmsScript)
    uses_three_d: bool = True

    @classmethod
    def of(cls, scenario: Scenario) -> Choice:
        """The choice of a scenario."""
        document, mix = scenario.document, scenario.mix
        sms, payments = document.sms, document.payments.weights
        zero = {name for name in SMS_NAMES if name in sms.model_fields_set and not getattr(sms, name)}
        return cls(
            journeys=[name for name in _BUYERS if document.journeys.get(name, 1) > 0],
            scripts=[script for script in SmsScript if script.value not in zero],
            three_d="three_d" not in document.cards.model_fields_set or mix.three_d > 0,
            options=_positive(payments),
            excluded=[name for name, weight in payments.items() if weight <= 0],
            used_journeys=_positive(mix.journeys),
            used_scripts=[script for script, weight in mix.sms.items() if weight > 0],
            uses_three_d=mix.three_d > 0 or mix.cover,
        )

    def uses(self, path: WalkPath) -> bool:
        """Whether shoppers of the scenario take this path."""
        return (
            path.journey in self.used_journeys
            and (not path.option or not self.options or path.option in self.options)
            and path.sms in self.used_scripts
            and (not path.three_d or self.uses_three_d)
        )


def _positive(weights: Mapping[str, float]) -> list[str]:
    return [name for name, weight in weights.items() if weight > 0]
