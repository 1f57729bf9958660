"""The titles that people read of the checks of validity; results and metrics keep the short names."""

from __future__ import annotations

TITLES = {
    "accounting": "all arrivals counted",
    "accounts": "enough test accounts",
    "alike": "same scenario everywhere",
    "apart": "clocks of hosts agree",
    "available": "shoppers can buy",
    "balance": "journeys keep up",
    "books": "all arrivals counted",
    "bugs": "no error in checkload",
    "busy": "processor time left",
    "clocks": "no clock was set",
    "collector": "no long memory clean-up",
    "content_type": "JSON served as JSON",
    "cpu": "checkload not overloaded",
    "crowded": "machine not crowded",
    "delivered": "arrivals came as planned",
    "end": "run to its end",
    "exploration": "load not changed",
    "failures": "what the shop said",
    "harness": "checkload did not crash",
    "lateness": "arrivals started on time",
    "ledger": "the shop counts the same",
    "loop": "checkload answered at once",
    "minimum": "enough of each payment option",
    "mix": "journeys mixed as planned",
    "offered": "payment options on offer",
    "orders": "order numbers are new",
    "port": "no foreign messages",
    "presence": "no journey lost",
    "pressure": "no wait for processors",
    "products": "products to buy",
    "recovered": "no queue at the end",
    "reports": "workers reported in time",
    "requests": "requests were sent",
    "secrets": "secrets kept out",
    "shop": "the shop kept running",
    "sockets": "sockets and memory left",
    "steady": "response times steady",
    "steal": "no processor time stolen",
    "stalls": "long enough for stalls",
    "target": "target reached",
    "truncated": "journeys ended in time",
    "unmeasured": "all readings taken",
    "users": "enough virtual users",
    "worker_lag": "each worker on time",
    "workers": "no worker lost",
}


def title_of(check: str) -> str:
    """What a check asks, in two to five words; its name where there is no title."""
    return TITLES.get(check, check)
