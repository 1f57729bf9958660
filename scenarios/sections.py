"""The tables of a scenario file, one class each; together they are its reference.

A key that stands in none of these classes is an error. Durations, rates and shares are written as
``scenarios.measures.py`` says.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

import harness.arrivals
from harness.arrivals import Profile
from scenarios.demands import Demand, Rule
from scenarios.measures import PerSecond, PositivePerSecond, PositiveSeconds, Seconds, Share, Weight
from scenarios.names import HostName, JourneyName, PageName, PaymentName
from shop.settings import Settings

Count = Annotated[int, Field(ge=0)]
Scale = Annotated[float, Field(gt=0, le=1000)]
PositiveCount = Annotated[int, Field(ge=1)]
Text = Annotated[str, Field(min_length=1)]
Hosts = Annotated[tuple[HostName, ...], Field(strict=False)]
Texts = Annotated[tuple[Text, ...], Field(strict=False)]


class Table(BaseModel):
    """A table of a scenario file: every key known, every type as written, nothing changed afterwards."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Stage(Table):
    """One stretch of the profile, at one rate or going steadily from one rate to another."""

    duration: PositiveSeconds
    """How long the stage lasts."""
    rate: PerSecond | None = None
    """Arrivals a second throughout the stage; instead of ``from`` and ``to``."""
    rate_from: PerSecond | None = Field(default=None, alias="from")
    """Arrivals a second where the stage begins."""
    rate_to: PerSecond | None = Field(default=None, alias="to")
    """Arrivals a second where it ends."""

    @property
    def ends(self) -> tuple[float, float]:
        """The rates at the two ends of the stage, per second."""
        flat = self.rate or 0.0
        return (
            flat if self.rate_from is None else self.rate_from,
            flat if self.rate_to is None else self.rate_to,
        )

    def rates(self) -> list[tuple[str, float]]:
        """Every rate of the stage with the key that says it."""
        said = (("rate", self.rate), ("from", self.rate_from), ("to", self.rate_to))
        return [(key, rate) for key, rate in said if rate is not None]


class Arrivals(Table):
    """An open load: shoppers come when they come, however slow the shop is."""

    process: Literal["poisson", "uniform"] = "poisson"
    """``poisson``: independent shoppers; ``uniform``: one exactly every 1/rate seconds."""
    rate: PositivePerSecond | None = None
    """Arrivals a second of a constant profile, with ``duration``; instead of ``stages``."""
    duration: PositiveSeconds | None = None
    """How long a constant profile lasts."""
    stages: Annotated[tuple[Stage, ...], Field(strict=False)] = ()
    """The profile, stage by stage: ``{ duration, rate }`` or ``{ duration, from, to }``."""
    trace: Text | None = None
    """A CSV file of recorded arrivals to replay instead of a profile: ``time``, and if known ``payment_option``, ``journey``."""
    rate_scale: Scale = 1.0
    """So many arrivals for each of the trace: 0.5 keeps every other one by chance, 2 doubles each."""
    time_scale: Scale = 1.0
    """Stretches the clock of the trace: 0.5 plays an hour in half an hour."""
    warm_up: Seconds = 0.0
    """The first part of the profile: measured, but not judged."""
    users: PositiveCount | None = None
    """The pool of virtual users: the most journeys in flight; sized from the rate when left out."""
    longest_wait: Seconds = 5.0
    """An arrival that found no free user within it is dropped: never answered."""
    drain: Seconds = 30.0
    """How long unfinished journeys may take after the last arrival."""

    @property
    def unjudged(self) -> float:
        """The warm-up in seconds."""
        return self.warm_up

    @property
    def profile(self) -> Profile | None:
        """The arrival rate over the whole run; ``None`` where no duration is given."""
        if self.stages:
            return Profile([harness.arrivals.Stage(stage.duration, *stage.ends) for stage in self.stages])
        if self.rate is None or self.duration is None:
            return None
        return Profile([harness.arrivals.Stage(self.duration, self.rate, self.rate)])

    def rates(self) -> list[tuple[str, float]]:
        """Every rate with the key that says it."""
        if not self.stages:
            return [("arrivals.rate", self.rate or 0.0)]
        return [
            (f"arrivals.stages[{index}].{key}", rate)
            for index, stage in enumerate(self.stages)
            for key, rate in stage.rates()
        ]


class Capacity(Table):
    """A search for the highest rate at which every demand holds, instead of a profile that is known beforehand."""

    start: PositivePerSecond
    """Arrivals a second of the first level; a rate that the shop surely carries."""
    most: PositivePerSecond
    """The highest rate that is tried, arrivals a second."""
    budget: PositiveSeconds = 600.0
    """How long the search may take, confirmation included."""
    level: PositiveSeconds = 10.0
    """How long a level lasts at least."""
    arrivals: PositiveCount = 150
    """How many shoppers come in a level at least; a low rate makes it longer."""
    confirm: PositiveSeconds = 60.0
    """How long the rate that is reported is held to confirm it."""
    grow: Annotated[float, Field(ge=1.05, le=4)] = 1.5
    """By what the rate is multiplied from level to level until a demand is broken."""
    precision: Annotated[float, Field(gt=0, le=0.5)] = 0.02
    """The half-width of the interval, in proportion to the rate, at which the search may end before its budget does."""
    at_least: PositivePerSecond | None = None
    """What the shop must carry for the run to pass; left out: whatever is confirmed passes."""


class Closed(Table):
    """A closed load: a fixed number of shoppers, each coming again when done. A slow shop gets less of it."""

    users: PositiveCount
    """How many shoppers there are."""
    duration: PositiveSeconds
    """How long the load lasts, warm-up included."""
    spawn_rate: PositivePerSecond = 10.0
    """How fast they come in at the start, users a second."""
    warm_up: Seconds | None = None
    """The first part of the load: measured, but not judged; left out: until all users are in."""
    drain: Seconds = 30.0
    """How long unfinished journeys may take at the end."""

    @property
    def unjudged(self) -> float:
        """The warm-up in seconds."""
        return self.users / self.spawn_rate if self.warm_up is None else self.warm_up


class Payments(Table):
    """How shoppers pay: a weight for each option, under the option's own name (none given: all alike)."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[PaymentName, Weight] = Field(init=False)
    minimum: dict[PaymentName, Count] = {}
    """``[payments.minimum]``: journeys an option gets whatever its weight, so that a rare one is proven too."""

    @property
    def weights(self) -> dict[str, float]:
        """The weights by payment option, as given."""
        return dict(self.__pydantic_extra__)


class Sms(Table):
    """How shoppers deal with the code that the shop sends them: weights of the five behaviours, and patience."""

    right: Weight = 0.0
    """Types the code she was sent. All five left out: everybody does."""
    wrong: Weight = 0.0
    """Mistypes it once, then gets it right."""
    resend: Weight = 0.0
    """Asks for another code first."""
    late: Weight = 0.0
    """Waits until the code has expired, then asks for another."""
    locked: Weight = 0.0
    """Mistypes until the shop locks her out."""
    share: Share | None = None
    """Of the shoppers, how many the embedded shop asks for a code; a real shop decides that itself."""
    code: str = ""
    """The code that a test system accepts; left out: it is read from the embedded shop's SMS inbox."""
    poll: PositiveSeconds = 0.2
    """How often the inbox is asked."""
    patience: PositiveSeconds = 5.0
    """How long a code may take to arrive before it counts as lost."""


class Cards(Table):
    """What happens to those who pay by card."""

    three_d: Share = 0.0
    """The share of them sent through 3-D Secure."""
    declined: Share = 0.0
    """The share of them whose card the bank declines."""


class External(Table):
    """What to do with the steps outside the shop: a bank's page, a wallet, a provider."""

    mode: Literal["follow", "return", "stop"] = "follow"
    """``follow``: visit it; ``return``: post back what it would; ``stop``: end there, as handed over."""
    allowed_hosts: Hosts = ()
    """Hosts that may be visited besides the shop's own."""


class Think(Table):
    """How long shoppers look at a page before they act: lognormal, cut off at the 99th percentile."""

    median: Seconds = 0.0
    """Half of the think times are shorter."""
    sigma: Annotated[float, Field(ge=0, le=3)] = 0.5
    """Standard deviation of their logarithm; 0: always the median."""
    scale: Annotated[float, Field(ge=0, le=100)] = 1.0
    """Multiplies every think time; 0: nobody thinks."""
    pages: dict[PageName, Seconds] = {}
    """``[think.pages]``: pages with a median of their own."""
    sigmas: dict[PageName, Annotated[float, Field(ge=0, le=3)]] = {}
    """``[think.sigmas]``: pages with a spread of their own."""


class Accounts(Table):
    """Who signs in: accounts from a CSV file, or generated ones."""

    file: Text | None = None
    """A CSV file, its path seen from the scenario file; left out: accounts are generated."""
    sign_in: Literal["journey", "user"] = "journey"
    """Sign in for each journey, or once for each virtual user."""
    returning: PositiveCount | None = None
    """How many accounts with saved choices to generate; left out: enough for all virtual users."""
    first_time: PositiveCount | None = None
    """How many accounts without any to generate; left out: enough for all virtual users."""


class Conduct(Table):
    """How shoppers deal with the shop, whatever they buy."""

    option_value: Literal["slug", "pk"] = "slug"
    """What is posted for a payment option: its slug (description) or its pk (storefront client)."""
    fallback: PaymentName | None = None
    """The option tried when the wanted one is unavailable; left out: she gives up."""
    products: Texts = ("1", "2", "3")
    """Primary keys of the products bought, at random."""
    locale: Text = "en"
    """The language sent when signing in."""


class Target(Table):
    """Which shops may be loaded, how hard, and how a connection to them is treated."""

    allowed: Hosts = ()
    """Hosts that may be loaded besides this machine."""
    highest_rate: PositivePerSecond = 200.0
    """No profile may go above it, whoever asks."""
    most_users: PositiveCount = 2000
    """No pool of virtual users may be larger."""
    verify_tls: bool = True
    """Whether a certificate must be in order; switch off only for a test system of your own."""
    connect_timeout: PositiveSeconds = 5.0
    """How long a connection may take."""
    read_timeout: PositiveSeconds = 30.0
    """How long a whole reply may take."""
    client: Literal["own", "locust"] = "own"
    """Who speaks HTTP: checkload's own client, or Locust's ``FastHttpSession``, which takes several times the processor."""
    largest_reply: Annotated[int, Field(ge=1024)] = 2_000_000
    """Bytes after which a reply is broken off."""


class Trace(Table):
    """The mark that every request carries for the shop's own tracing (W3C ``traceparent``)."""

    sampled: Share = 0.01
    """The share of the journeys that the shop is asked to keep the trace of; slow pages in Prometheus lead to them."""


class Stop(Table):
    """When a run is broken off before its time."""

    rules: Annotated[tuple[Rule, ...], Field(strict=False)] = ()
    """Such as ``"failures > 50% for 10s"``."""
    when_certain: bool = False
    """Whether to end as soon as the verdict is certain; the run is looked at three times, and a little more strictly."""


class Document(Table):
    """A scenario file as a whole: who comes, when, what they do, and what is demanded of the shop."""

    description: str = ""
    """One line on what the scenario is for."""
    seed: Count = 1
    """The same seed gives the same journeys in the same order."""
    cover: bool = False
    """Walk every payment option, SMS path and journey exactly once; ``[arrivals]`` then only gives the pace, and a
    weight of 0 leaves something out."""
    arrivals: Arrivals | None = None
    """The open load; exactly one of ``[arrivals]`` and ``[closed]`` must be there."""
    closed: Closed | None = None
    """The closed load."""
    journeys: dict[JourneyName, Weight] = {}
    """Weights of the journeys; none given: all alike."""
    payments: Payments = Payments()
    sms: Sms = Sms()
    cards: Cards = Cards()
    external: External = External()
    think: Think = Think()
    accounts: Accounts = Accounts()
    conduct: Conduct = Conduct()
    target: Target = Target()
    capacity: Capacity | None = None
    objectives: Annotated[tuple[Demand, ...], Field(strict=False)] = ()
    """What is demanded, such as ``"page.BinNumberPage response_time p95 < 300ms"``; at least one."""
    trace: Trace = Trace()
    stop: Stop = Stop()
    shop: Settings = Settings()
    """Settings of the embedded shop (``shop/settings.py``); a target of your own does not see them."""
