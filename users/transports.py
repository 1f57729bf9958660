"""Makes the HTTP client that a scenario chooses: checkload's own, or Locust's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from locust import User

from users.http.client import HttpClient
from users.http.locust.client import LocustHttpClient
from users.http.locust.stats import locust_stats_of
from users.http.origin import parse_origin
from users.http.timeouts import HttpLimits
from users.http.transport import Transport
from users.population.journey_spec import ShopperPolicy
from users.storefront_headers import storefront_headers

LOCUST = "locust"


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """Which HTTP client to use (``own`` or ``locust``), its limits, and the scenario's own ``headers``."""

    client: str
    limits: HttpLimits
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def make_transport(
    user: User,
    target: str,
    settings: ClientSettings,
    policy: ShopperPolicy,
    on_resource_exhausted: Callable[[str], None],
) -> Transport:
    """The HTTP client of one virtual user for the shop at ``target``, with the headers of the storefront's pages."""
    headers = storefront_headers(parse_origin(target), policy.locale, policy.currency, settings.headers)
    if settings.client == LOCUST:
        return LocustHttpClient(
            target, user, settings.limits, target_headers=headers, on_resource_exhausted=on_resource_exhausted
        )
    return HttpClient(
        target,
        user,
        settings.limits,
        target_headers=headers,
        statistics=locust_stats_of(user.environment),
        on_resource_exhausted=on_resource_exhausted,
    )
