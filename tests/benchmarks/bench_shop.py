"""How many times a second one core serves the list of payment options.

Run it as ``python tests/benchmarks/bench_shop.py``. The shop has one core to itself, this client another (where the
system lets us say so); a client on plain sockets keeps a few connections busy. It takes about ten seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from shop.serving.process import ShopProcess
from shop.settings import Settings

_WARM_UP = 1.0
_TARGET = 4_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=16)
    asked = parser.parse_args()
    shop = ShopProcess.start(Settings())
    try:
        pinned = _pin(shop.pid)
        cookie = _shopper_at_payment(shop.url)
        request = (
            "GET /orders/checkout/?page=PaymentOptionSelectionPage HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"x-requested-with: XMLHttpRequest\r\nCookie: {cookie}\r\n\r\n"
        ).encode()
        port = int(shop.url.rpartition(":")[2])
        asyncio.run(_drive(port, request, asked.connections, _WARM_UP))
        busy, began = _cpu_seconds(shop.pid), time.perf_counter()
        served = asyncio.run(_drive(port, request, asked.connections, asked.seconds))
        took, busy = time.perf_counter() - began, _cpu_seconds(shop.pid) - busy
    finally:
        shop.stop()
    rate = served / took
    print(f"cores apart: {'yes' if pinned else 'no'}")
    print(f"requests:    {served} in {took:.2f} s over {asked.connections} connections")
    print(f"rate:        {rate:,.0f} requests/s (wanted: {_TARGET:,} on one core)")
    if busy > 0:
        print(f"CPU:         {busy / served * 1e6:.0f} us a request: {served / busy:,.0f} requests/s of a whole core")
    return 0 if rate >= _TARGET else 1


def _pin(pid: int) -> bool:
    if not hasattr(os, "sched_setaffinity"):
        return False
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return False
    os.sched_setaffinity(pid, {cores[0]})
    os.sched_setaffinity(0, {cores[1]})
    return True


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _shopper_at_payment(url: str) -> str:
    """Bring a guest's session to the list of options; returns its cookies."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    connection.request("GET", "/csrf_token/")
    reply = connection.getresponse()
    token = json.loads(reply.read())["csrf_token"]
    cookie = "; ".join(value.partition(";")[0] for name, value in reply.getheaders() if name.lower() == "set-cookie")

    def post(path: str, body: str, kind: str) -> dict[str, object]:
        headers = {
            "cookie": cookie,
            "x-csrftoken": token,
            "x-requested-with": "XMLHttpRequest",
            "content-type": kind,
        }
        connection.request("POST", path, body, headers)
        document = json.loads(connection.getresponse().read())
        assert isinstance(document, dict)
        return document

    as_json, as_form = "application/json", "application/x-www-form-urlencoded"
    checkout = "/orders/checkout/?page="
    post("/baskets/basket/", '{"product": 1, "quantity": 2, "attributes": {}}', as_json)
    post(f"{checkout}IndexPage", "user_email=ada@shoppers.example&phone_number=05000000001", as_form)
    post(f"{checkout}DeliveryOptionSelectionPage", "delivery_option=1", as_form)
    name = {"title": "Home", "first_name": "Ada", "last_name": "L", "phone_number": "05000000001", "line": "1 Quay"}
    address = {**name, "country": 1, "city": 80, "township": 933, "district": 71387}
    pk = post("/address/", json.dumps(address), as_json)["pk"]
    post(f"{checkout}AddressSelectionPage", f"shipping_address={pk}&billing_address={pk}", as_form)
    document = post(f"{checkout}ShippingOptionSelectionPage", "shipping_option=1", as_form)
    connection.close()
    assert "payment_options" in json.dumps(document), "the shopper does not stand before the list of options"
    return cookie


async def _drive(port: int, request: bytes, connections: int, seconds: float) -> int:
    end = time.perf_counter() + seconds
    return sum(await asyncio.gather(*(_ask_again_and_again(port, request, end) for _ in range(connections))))


async def _ask_again_and_again(port: int, request: bytes, end: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    served = 0
    while time.perf_counter() < end:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), "the shop did not answer 200"
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
        assert b"unavailable_options" in body, "the shop did not answer the list of options"
        served += 1
    writer.close()
    await writer.wait_closed()
    return served


if __name__ == "__main__":
    sys.exit(main())
