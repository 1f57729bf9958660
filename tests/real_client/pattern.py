"""Writes down what the client asks for, in which order and at once: ``python tests/real_client/pattern.py > pattern.json``.

Recorded at the second shop. A step is one request, or a list of requests that were on their way at the same time. The ways
lead to the payment, where the client is at rest; the payments begin there and end with the order; ``aside`` is what a page
may look up besides.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from second_shop.running import SecondShop, write_accounts

from real_client.driving import RealClient

PAYMENTS = (
    "card",
    "card_3d",
    "funds_transfer",
    "delivery_choice",
    "delivery_page",
    "masterpass",
    "redirection",
    "gpay",
    "credit_payment",
    "loyalty_full",
    "loyalty_at_once",
    "loyalty_part",
    "confirmation",
)
BANKS = ("/sanal-pos/", "/garanti-pay/", "/_bank/")
RETURNS = ("CreditCardThreeDSecurePage", "GPayCompletePage", "RedirectionPageCompletePage")
PRODUCT = 212
Log = list[dict[str, Any]]


def named(request: dict[str, Any]) -> str:
    """A request in a few words: method, path, the names of what is sent; primary keys and tokens left out.

    What a bank asks and what it sends back is the bank's own.
    """
    if request["path"].startswith(BANKS):
        return "the bank"
    path = re.sub(r"/(\d+|[0-9a-f]{32})/", "/*/", request["path"])
    query = re.sub(r"=(\d+|[0-9a-f]{17,32})(?=&|$)", "=*", request["query"])
    body = request["body"]
    sent = (
        list(json.loads(body)) if body.startswith("{") else [pair.partition("=")[0] for pair in body.split("&") if pair]
    )
    if request["page"] in RETURNS:
        sent = ["..."]
    return f"{request['method']} {path}{query}{' ' if sent else ''}{','.join(sent)}"


def steps(log: Log) -> list[Any]:
    """The requests in order; those that overlapped in time stand in a list of their own."""
    found: list[Any] = []
    until = -1.0
    for request in log:
        if request["sent"] < until:
            group = found[-1] if isinstance(found[-1], list) else [found[-1]]
            found[-1] = [*group, named(request)]
        else:
            found.append(named(request))
        until = max(until, request["answered"])
    return found


def headers(log: Log) -> dict[str, list[str]]:
    """The headers of each kind of request, in their order, with the values that are the same each time."""
    shown: dict[str, list[str]] = {}
    for request in log:
        kind = f"{request['method']} {request['path'] if request['path'].startswith(('/users', '/csrf', '/current')) else ''}"
        if request.get("body"):
            kind += "JSON" if request["body"].startswith("{") else "form"
        shown.setdefault(kind.strip(), [_steady(line) for line in request.get("headers", ())])
    return shown


def _steady(line: str) -> str:
    name, _, value = line.partition(": ")
    if name.lower() == "cookie":
        return f"{name}: {'; '.join(pair.partition('=')[0].strip() for pair in value.split(';'))}"
    changing = {"host", "x-csrftoken", "content-length", "user-agent", "referer"}
    return name if name.lower() in changing else line


def record(lists: str) -> dict[str, Any]:
    """The pattern at a shop that lists the pages up to the current one (``needed``), or every choice at once (``all``)."""
    with tempfile.TemporaryDirectory() as folder:
        flows = ["rest", "around", *PAYMENTS]
        accounts = write_accounts(Path(folder) / "a.csv", [f"{one}@x.test" for one in flows], "Good1234", saved=False)
        write_accounts(accounts, ["returning@x.test"], "Good1234", saved=True)
        with SecondShop(accounts, lists=lists) as shop:
            client = RealClient(shop.url)
            try:

                def walk(flow: str, email: str) -> dict[str, Any]:
                    walked = client.run(flow, email=email, product=PRODUCT)
                    if walked["failed"]:
                        raise RuntimeError(f"{flow}: {walked['failed']}")
                    return walked

                first = walk("rest", "rest@x.test")["log"]
                ways = {
                    "first_time": steps(first),
                    "returning": steps(walk("rest", "returning@x.test")["log"]),
                    "guest": steps(walk("guest_rest", "guest@x.test")["log"]),
                }
                paid = {flow: walk(flow, f"{flow}@x.test") for flow in PAYMENTS}
                aside = walk("around", "around@x.test")
            finally:
                client.close()
            refused = shop.books()["refused"]
    if refused:
        raise RuntimeError(f"the second shop refused: {refused}")
    found = {"ways": ways, "payments": {flow: steps(one["log"][one["atRest"] :]) for flow, one in paid.items()}}
    found["aside"] = steps(aside["log"][aside["atRest"] :])
    return found | {"headers": headers([*first, *paid["card_3d"]["log"]])}


def main() -> None:
    """Print the pattern at both kinds of shop; headers and payments that are the same at both are printed once."""
    needed, listed = record("needed"), record("all")
    pattern = {**needed, "ways_where_all_is_listed": listed["ways"]}
    other = {name: one for name, one in listed["payments"].items() if one != needed["payments"][name]}
    print(
        json.dumps(pattern | ({"payments_where_all_is_listed": other} if other else {}), indent=1, ensure_ascii=False)
    )


if __name__ == "__main__":
    main()
