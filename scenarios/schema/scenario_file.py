"""The tables of a scenario file, one class each; together they are its reference.

A key that stands in none of these classes is an error. Durations, rates and shares are written as
``scenarios.measures.py`` says.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from scenarios.schema.load import ArrivalsSection, CapacitySection, ClosedSection
from scenarios.schema.names import CodeName, HostName, JourneyName, PageName, PaymentName
from scenarios.schema.objective_texts import ObjectiveText, StopRuleText
from scenarios.schema.quantities import PositivePerSecond, PositiveSeconds, Seconds, Share, Weight
from scenarios.schema.section import Count, NonEmptyText, Section, UserCount
from shop.settings import Settings
from users.population.think import ThinkTimes

MOST_GUARANTEED = 100_000
"""Journeys that one payment option may be promised; each is given its place before the run."""

HostNames = Annotated[tuple[HostName, ...], Field(strict=False)]
NonEmptyTexts = Annotated[tuple[NonEmptyText, ...], Field(strict=False)]


class PaymentsSection(Section):
    """How shoppers pay: a weight for each option, under the option's own name (none given: all alike)."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[PaymentName, Weight] = Field(init=False)
    minimum: dict[PaymentName, Annotated[int, Field(ge=0, le=MOST_GUARANTEED)]] = Field(default={})
    """``[payments.minimum]``: journeys an option gets whatever its weight, so that a rare one is proven too."""

    @property
    def weights(self) -> dict[str, float]:
        """The weights by payment option, as given."""
        return dict(self.__pydantic_extra__)


class SmsSection(Section):
    """How shoppers deal with the code that the shop sends them: weights of the five behaviours, and patience."""

    right: Weight = 0.0
    """Types the code that was sent. All five left out: every shopper does this."""
    wrong: Weight = 0.0
    """Mistypes it once, then gets it right."""
    resend: Weight = 0.0
    """Asks for another code first."""
    late: Weight = 0.0
    """Waits until the code has expired, then asks for another."""
    locked: Weight = 0.0
    """Mistypes until the shop locks the shopper out."""
    share: Share | None = None
    """Of the shoppers, how many the embedded shop asks for a code; a real shop decides that itself."""
    code: str = ""
    """The code that a test system accepts; left out: it is read from the embedded shop's SMS inbox."""
    poll: PositiveSeconds = 0.2
    """How often the inbox is asked."""
    patience: PositiveSeconds = 5.0
    """How long a code may take to arrive before it counts as lost."""


class CardsSection(Section):
    """What happens to those who pay by card."""

    three_d: Share = 0.0
    """The share of them sent through 3-D Secure."""
    declined: Share = 0.0
    """The share of them whose card the bank declines."""


class ExternalSection(Section):
    """What to do with the steps outside the shop: a bank's page, a wallet, a provider."""

    mode: Literal["follow", "return", "stop"] = "follow"
    """``follow``: visit it; ``return``: post back what it would; ``stop``: end there, as handed over."""
    allowed_hosts: HostNames = ()
    """Hosts that may be visited besides the shop's own."""


class ThinkSection(Section):
    """How long shoppers look at a page before they act: lognormal, cut off at the 99th percentile."""

    median: Seconds = 0.0
    """Half of the think times are shorter."""
    sigma: Annotated[float, Field(ge=0, le=3)] = 0.5
    """Standard deviation of their logarithm; 0: always the median."""
    scale: Annotated[float, Field(ge=0, le=100)] = 1.0
    """Multiplies every think time; 0: no think time."""
    pages: dict[PageName, Seconds] = Field(default={})
    """``[think.pages]``: pages with a median of their own."""
    sigmas: dict[PageName, Annotated[float, Field(ge=0, le=3)]] = Field(default={})
    """``[think.sigmas]``: pages with a spread of their own."""

    @property
    def times(self) -> ThinkTimes:
        """The think times as the shoppers draw them."""
        return ThinkTimes(self.median, self.sigma, self.scale, self.pages, self.sigmas)


class AccountsSection(Section):
    """Who signs in: accounts from a CSV file, or generated ones."""

    file: NonEmptyText | None = None
    """A CSV file, its path seen from the scenario file; left out: accounts are generated."""
    sign_in: Literal["journey", "user"] = "journey"
    """Sign in for each journey, or once for each virtual user."""
    returning: UserCount | None = None
    """How many accounts with saved choices to generate; left out: enough for all virtual users."""
    first_time: UserCount | None = None
    """How many accounts without any to generate; left out: enough for all virtual users."""


class ConductSection(Section):
    """How shoppers deal with the shop, whatever they buy."""

    fidelity: Literal["api", "storefront"] = "api"
    """``api``: one request after another, as the API description has them; ``storefront``: the pattern of the platform's own
    client, with automatic choices that overlap, look-ups, and failed requests sent up to three times more."""
    option_value: Literal["slug", "pk"] = "slug"
    """What is posted for a payment option: its slug (description) or its pk (storefront client)."""
    fallback: PaymentName | None = None
    """The option tried when the wanted one is unavailable; left out: the shopper gives up."""
    products: NonEmptyTexts = ("1", "2", "3")
    """Primary keys of the products bought, at random."""
    locale: CodeName = "en"
    """The language sent with every request, and when signing in."""
    currency: CodeName = "try"
    """The currency sent with every request."""
    content_type: Literal["warn", "fail"] = "warn"
    """What a reply is that holds JSON and is served as another type, such as ``text/html``: a warning, or a failure."""


class ProductsSection(Section):
    """What shoppers buy, where it is not ``conduct.products``."""

    file: NonEmptyText | None = None
    """A CSV file with primary keys in its column ``product``, its path seen from the scenario file."""
    search: str | None = None
    """Whatever the shop finds for this text (``""``: all), asked once by each process."""


class AddressSection(Section):
    """Where it is sent: what is left out is drawn from the shop's own lists, or made up."""

    country: Count | None = None
    """Primary key of the country."""
    city: Count | None = None
    """Primary key of the city; needs ``country``."""
    township: Count | None = None
    """Primary key of the township; needs ``city``. Without ``district``, the shop is asked for its districts."""
    district: Count | None = None
    """Primary key of the district; needs ``township``."""
    title: NonEmptyText | None = None
    """What shoppers call their address."""
    line: NonEmptyText | None = None
    """Street and number."""
    postcode: NonEmptyText | None = None
    """The postcode."""


class TargetSection(Section):
    """Which shops may be loaded, how hard, and how a connection to them is treated."""

    allowed: HostNames = ()
    """Hosts that may be loaded besides this machine."""
    highest_rate: PositivePerSecond = 200.0
    """No profile may go above it; no option lifts it."""
    most_users: UserCount = 2000
    """No pool of virtual users may be larger."""
    verify_tls: bool = True
    """Whether a certificate must be in order; switch off only for a test system of your own."""
    connect_timeout: PositiveSeconds = 5.0
    """How long a connection may take."""
    read_timeout: PositiveSeconds = 30.0
    """How long a whole reply may take."""
    client: Literal["own", "locust"] = "own"
    """Who speaks HTTP: checkload's own client, or Locust's ``FastHttpSession``, which takes several times the processor."""
    largest_reply: Annotated[int, Field(ge=1024, le=1_000_000_000)] = 2_000_000
    """Bytes after which a reply is broken off."""


class TraceSection(Section):
    """The mark that every request carries for the shop's own tracing (W3C ``traceparent``)."""

    sampled: Share = 0.01
    """The share of the journeys that the shop is asked to keep the trace of; slow pages in Prometheus lead to them."""


class StopSection(Section):
    """When a run is broken off before its time."""

    rules: Annotated[tuple[StopRuleText, ...], Field(strict=False)] = ()
    """Such as ``"failures > 50% for 10s"``."""
    when_certain: bool = False
    """Whether to end as soon as the verdict is certain; the run is looked at three times, and a little more strictly."""


class ScenarioDocument(Section):
    """A scenario file as a whole: who comes, when, what they do, and what is demanded of the shop."""

    description: str = ""
    """One line on what the scenario is for."""
    seed: Count = 1
    """The same seed gives the same journeys in the same order."""
    cover: bool = False
    """Walk every payment option, SMS path and journey exactly once; ``[arrivals]`` then only gives the pace, and a
    weight of 0 leaves something out."""
    arrivals: ArrivalsSection | None = None
    """The open load; exactly one of ``[arrivals]`` and ``[closed]`` must be there."""
    closed: ClosedSection | None = None
    """The closed load."""
    journeys: dict[JourneyName, Weight] = Field(default={})
    """Weights of the journeys; none given: all alike."""
    payments: PaymentsSection = PaymentsSection()
    sms: SmsSection = SmsSection()
    cards: CardsSection = CardsSection()
    external: ExternalSection = ExternalSection()
    think: ThinkSection = ThinkSection()
    accounts: AccountsSection = AccountsSection()
    conduct: ConductSection = ConductSection()
    products: ProductsSection = ProductsSection()
    address: AddressSection = AddressSection()
    headers: dict[str, str] = Field(default={})
    """Sent with every request to the shop and to no other host; ``"${NAME}"`` takes a value from the environment."""
    target: TargetSection = TargetSection()
    capacity: CapacitySection | None = None
    objectives: Annotated[tuple[ObjectiveText, ...], Field(strict=False)] = ()
    """What is demanded, such as ``"page.BinNumberPage response_time p95 < 300ms"``; at least one."""
    trace: TraceSection = TraceSection()
    stop: StopSection = StopSection()
    shop: Settings = Settings()
    """Settings of the embedded shop (``shop/settings.py``); a target of your own does not see them."""
