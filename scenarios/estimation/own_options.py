"""Stands in for what only the scenario's own shop has: options with a recipe, and the question whether an option is available.

The embedded shop does not offer such an option. So the shopper takes a known one that needs one page, and that page counts as
the pages of the recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.measurement.sample import PageSample
from scenarios.loading.scenario import SECONDS_PER_PAGE
from shop.contract import PAYMENT_OPTIONS
from users.population.journey_spec import JourneySpec, ShopperPolicy
from users.population.recipes import RecipePage

_STAND_IN = PAYMENT_OPTIONS["pay_later"]


@dataclass(frozen=True, slots=True)
class OwnOption:
    """The walk of a journey with an option of the scenario; without ``recipe``, the option is a known one."""

    name: str
    recipe: Sequence[RecipePage] = ()

    @classmethod
    def of(cls, spec: JourneySpec, policy: ShopperPolicy) -> OwnOption:
        """The option of a journey."""
        return cls(spec.payment_option, policy.recipes.get(spec.payment_option, ()))

    def walked_spec(self, spec: JourneySpec) -> JourneySpec:
        """The journey that is walked."""
        return replace(spec, payment_option=_STAND_IN.slug) if self.recipe else spec

    def walked_policy(self, policy: ShopperPolicy) -> ShopperPolicy:
        """The policy of the shopper who walks it."""
        if not self.recipe:
            return policy
        asked = policy.availability.get(self.name)
        return replace(policy, recipes={}, availability={} if asked is None else {_STAND_IN.slug: asked})

    def named(self, option: str) -> str:
        """The name of the option that was used at last."""
        return self.name if self.recipe and option == _STAND_IN.slug else option

    def pages(self, pages: Sequence[PageSample], think: Callable[[str], float]) -> Iterator[PageSample]:
        """The pages as the scenario's own shop has them; ``think`` draws the time before a page, in seconds."""
        later = 0.0
        for sample in pages:
            if not self.recipe:
                yield sample
                continue
            named = sample._replace(payment_option=self.name)
            names = [one.page for one in self.recipe] if sample.page == _STAND_IN.completed_by else [sample.page]
            for number, name in enumerate(names):
                later += SECONDS_PER_PAGE + think(name) if number else 0.0
                yield _moved(named._replace(page=name), later)


def availability_answers(policy: ShopperPolicy) -> Mapping[str, Mapping[str, bool]]:
    """The replies to the questions whether an option is available, by path: yes."""
    answers: dict[str, dict[str, bool]] = {}
    for check in policy.availability.values():
        answers.setdefault(check.path.partition("?")[0], {})[check.answer] = True
    return answers


def _moved(sample: PageSample, later: float) -> PageSample:
    return sample._replace(due=sample.due + later, sent=sample.sent + later, done=sample.done + later)
