"""The tables of a scenario file: one class for each table, one field for each key.

The docstrings below are the reference of keys in ``docs/scenarios.md``. Any other key is an error.
``scenarios/schema/quantities.py`` says how to write durations, rates and shares.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from harness.shop_metrics.objective import MetricObjective, is_metric_objective, parse_metric_objective
from harness.shop_metrics.source import PrometheusSource
from scenarios.schema.load import ArrivalsSection, CapacitySection, ClosedSection
from scenarios.schema.names import (
    CodeName,
    HostName,
    JourneyName,
    PageName,
    PaymentName,
    PrometheusUrl,
    TraceLink,
    UrlPath,
    VariableName,
)
from scenarios.schema.objective_texts import ObjectiveText, StopRuleText
from scenarios.schema.payments import PaymentsSection
from scenarios.schema.quantities import PositivePerSecond, PositiveSeconds, Seconds, Share, Weight
from scenarios.schema.section import Count, NonEmptyText, PositiveCount, Section, UserCount
from shop.contract import PATHS, Page
from shop.settings import Settings
from users.population.think import ThinkTimes

HostNames = Annotated[tuple[HostName, ...], Field(strict=False)]
Place = Count | NonEmptyText
NonEmptyTexts = Annotated[tuple[NonEmptyText, ...], Field(strict=False)]


class SmsSection(Section):
    """What shoppers do with the code that the shop sends by SMS: weights of five behaviours."""

    right: Weight = 0.0
    """Weight of shoppers who type the right code. If all five weights are left out, every shopper does this."""
    wrong: Weight = 0.0
    """Weight of shoppers who type a wrong code once, then the right one."""
    resend: Weight = 0.0
    """Weight of shoppers who first ask for another code."""
    late: Weight = 0.0
    """Weight of shoppers who wait until the code has expired, then ask for another."""
    locked: Weight = 0.0
    """Weight of shoppers who type wrong codes until the shop locks them out."""
    share: Share | None = None
    """The share of shoppers that the embedded shop asks for a code. A real shop decides this itself."""
    code: str = ""
    """The code that your test system accepts. Without it, shoppers read the code from the embedded shop's SMS inbox."""
    poll: PositiveSeconds = 0.2
    """The pause between two looks into the SMS inbox."""
    patience: PositiveSeconds = 5.0
    """How long a shopper waits for a code. After that, the code counts as lost."""


class CardsSection(Section):
    """What happens to shoppers who pay by card."""

    three_d: Share = 0.0
    """The share of card payments that go through 3-D Secure."""
    declined: Share = 0.0
    """The share of card payments that the bank declines."""


class ExternalSection(Section):
    """What shoppers do at a page outside the shop: a bank, a wallet or a payment provider."""

    mode: Literal["follow", "return", "stop"] = "follow"
    """``follow``: visit the page. ``return``: skip the page and post its answer to the shop. ``stop``: end the journey there."""
    allowed_hosts: HostNames = ()
    """Hosts that shoppers may visit besides the shop."""


class ThinkSection(Section):
    """How long shoppers look at a page before the next request: a lognormal distribution, cut at its 99th percentile."""

    median: Seconds = 0.0
    """The median think time."""
    sigma: Annotated[float, Field(ge=0, le=3)] = 0.5
    """The standard deviation of the logarithm of the think time. With 0, every think time is the median."""
    scale: Annotated[float, Field(ge=0, le=100)] = 1.0
    """Multiplies every think time. With 0, there is no think time."""
    pages: dict[PageName, Seconds] = Field(default={})
    """``[think.pages]``: the median for single pages."""
    sigmas: dict[PageName, Annotated[float, Field(ge=0, le=3)]] = Field(default={})
    """``[think.sigmas]``: the ``sigma`` for single pages."""

    @property
    def times(self) -> ThinkTimes:
        """The think times that shoppers draw from."""
        return ThinkTimes(self.median, self.sigma, self.scale, self.pages, self.sigmas)


class AccountsSection(Section):
    """The accounts that sign in: from a CSV file, or generated."""

    file: NonEmptyText | None = None
    """A CSV file of accounts. The path is relative to the scenario file. Without it, accounts are generated."""
    sign_in: Literal["journey", "user"] = "journey"
    """``journey``: sign in once for each journey. ``user``: sign in once for each virtual user."""
    returning: UserCount | None = None
    """How many accounts with saved choices to generate. Without it, more than virtual users."""
    first_time: UserCount | None = None
    """How many accounts without saved choices to generate. Without it, more than virtual users."""


class ConductSection(Section):
    """How shoppers use the shop's API."""

    fidelity: Literal["api", "storefront"] = "api"
    """``api``: one request after another, as in the API description. ``storefront``: the requests of the platform's own
    client, with overlapping automatic choices, look-ups, and up to three retries of a failed request."""
    option_value: Literal["slug", "pk"] = "slug"
    """What shoppers post for a payment option: its slug, as in the API description, or its pk, as the storefront client does."""
    fallback: PaymentName | None = None
    """The payment option to use when the chosen one is not available. Without it, the shopper gives up."""
    products: NonEmptyTexts = ("1", "2", "3")
    """Primary keys of the products. Each shopper buys one of them, drawn at random."""
    locale: CodeName = "en"
    """The language that every request and every sign-in sends."""
    currency: CodeName = "try"
    """The currency that every request sends."""
    csrf_path: UrlPath = PATHS[Page.CSRF_TOKEN]
    """The page of the shop that sets the cookie ``csrftoken``, with the CSRF token. Empty: the shop wants no token."""
    csrf_from: Literal["cookie", "page"] = "cookie"
    """``page``: the shop sets no such cookie, and the page of ``csrf_path`` shows the token: in JSON, in a meta tag, or in a hidden
    field."""
    content_type: Literal["warn", "fail"] = "warn"
    """What a JSON reply with another content type, such as ``text/html``, counts as: a warning or a failure."""


class ProductsSection(Section):
    """Another source of products than ``conduct.products``."""

    file: NonEmptyText | None = None
    """A CSV file with primary keys in its column ``product``. The path is relative to the scenario file."""
    search: str | None = None
    """Buy what the shop finds for this text; ``""`` finds everything. Each process searches once."""


class AddressSection(Section):
    """The shipping address. What is left out is drawn from the shop's own lists or generated."""

    country: Place | None = None
    """Primary key of the country, or its name if the shop wants names."""
    city: Place | None = None
    """Primary key or name of the city; needs ``country``."""
    township: Place | None = None
    """Primary key or name of the township; needs ``city``. Without ``district``, shoppers ask the shop for the districts."""
    district: Place | None = None
    """Primary key or name of the district; needs ``township``."""
    title: NonEmptyText | None = None
    """The title of the address."""
    line: NonEmptyText | None = None
    """Street and number."""
    postcode: NonEmptyText | None = None
    """The postcode."""


class TargetSection(Section):
    """Which shops may get load, how much, and how the client connects to them."""

    allowed: HostNames = ()
    """Hosts that may get load besides this machine."""
    highest_rate: PositivePerSecond = 200.0
    """The highest rate that a scenario or an option may ask for. No option raises it."""
    most_users: UserCount = 2000
    """The highest number of virtual users that a scenario or an option may ask for."""
    verify_tls: bool = True
    """Whether to check TLS certificates. Switch it off only for a test system of your own."""
    connect_timeout: PositiveSeconds = 5.0
    """How long connecting may take."""
    read_timeout: PositiveSeconds = 30.0
    """How long a whole reply may take."""
    client: Literal["own", "locust"] = "own"
    """The HTTP client: ``own`` is checkload's, ``locust`` is Locust's ``FastHttpSession``, which needs several times the CPU."""
    largest_reply: Annotated[int, Field(ge=1024, le=1_000_000_000)] = 2_000_000
    """The largest reply in bytes. The client cuts off a longer one."""


class TraceSection(Section):
    """The header ``traceparent`` (W3C) that every request carries for the shop's own tracing, and the traces of ``--otlp``."""

    sampled: Share = 0.01
    """The share of journeys whose trace the shop is asked to keep. Slow pages in Prometheus link to these traces. With 0, and without
    ``--otlp``, no request has the header."""
    link: TraceLink = ""
    """The address of a trace, such as ``"https://tempo.example.com/trace/{trace_id}"``: the report links to it."""


class PrometheusSection(Section):
    """The Prometheus that knows the shop's own metrics, for objectives such as ``"prometheus: rate(pg_deadlocks_total[1m]) < 0.1"``."""

    url: PrometheusUrl
    """Its address, such as ``"http://127.0.0.1:9090"``, with the path if it has one. Another host than this machine must be allowed, too."""
    token_variable: VariableName = ""
    """The environment variable with the bearer token."""

    @property
    def source(self) -> PrometheusSource:
        """This Prometheus, to ask it."""
        return PrometheusSource(self.url, self.token_variable)


class StopSection(Section):
    """When a run ends early."""

    rules: Annotated[tuple[StopRuleText, ...], Field(strict=False)] = ()
    """Rules that end the run, such as ``"failures > 50% for 10s"``."""
    when_certain: bool = False
    """Whether to end as soon as the verdict is certain. Three interim checks then share alpha with the final check."""
    max_orders: PositiveCount | None = None
    """A ceiling: the load ends in good order before it can place more orders than this."""
    max_sms: PositiveCount | None = None
    """A ceiling: the load ends in good order before it can cause more SMS codes than this."""


class ScenarioDocument(Section):
    """A whole scenario file: who comes, when, what they do, and the objectives for the shop."""

    description: str = ""
    """One line that says what the scenario is for."""
    seed: Count = 1
    """The seed of all random draws. The same seed gives the same journeys in the same order."""
    cover: bool = False
    """Run every payment option, SMS path and journey exactly once. ``[arrivals]`` then only sets the pace. A weight of 0
    leaves something out."""
    arrivals: ArrivalsSection | None = None
    """The open load. A scenario needs exactly one of ``[arrivals]`` and ``[closed]``."""
    closed: ClosedSection | None = None
    """The closed load."""
    journeys: dict[JourneyName, Weight] = Field(default={})
    """A weight for each journey, such as ``guest = 5``. Without any, all journeys have the same weight."""
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
    """Headers for every request to the shop, and to no other host. ``"${NAME}"`` takes a value from the environment."""
    target: TargetSection = TargetSection()
    capacity: CapacitySection | None = None
    objectives: Annotated[tuple[ObjectiveText, ...], Field(strict=False)] = ()
    """The objectives, such as ``"page.BinNumberPage response_time p95 < 300ms"``; at least one. One that begins with
    ``prometheus:`` is about a metric of the shop: PromQL, a comparison and a number."""
    prometheus: PrometheusSection | None = None
    trace: TraceSection = TraceSection()
    stop: StopSection = StopSection()
    shop: Settings = Settings()
    """Settings of the embedded shop. A target of your own does not get them."""

    @property
    def sample_objectives(self) -> tuple[str, ...]:
        """The objectives on what a run measures, without those on the shop's own metrics."""
        return tuple(text for text in self.objectives if not is_metric_objective(text))

    @property
    def metric_objectives(self) -> tuple[MetricObjective, ...]:
        """The objectives on the shop's own metrics."""
        return tuple(parse_metric_objective(text) for text in self.objectives if is_metric_objective(text))
