"""A name is looked up once a minute for all users, and an IP address never."""

import socket

import pytest

from users.http import dns
from users.http.dns import DnsCache
from users.http.origin import parse_origin


@pytest.fixture
def asked(monkeypatch):
    """The names that were looked up; each has the address of this machine."""
    names = []

    def look_up(host, port, **_):
        names.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(dns.cooperative, "getaddrinfo", look_up)
    return names


def test_a_lookup_is_cached_for_a_minute(asked):
    now = [1000.0]
    found = DnsCache(lambda: now[0])
    shop, bank = parse_origin("http://shop.test:81"), parse_origin("http://bank.test")
    for moment, expected in ((1000.0, 1), (1059.0, 1), (1061.0, 2), (1062.0, 2)):
        now[0] = moment
        ((_, address),) = found.lookup(shop)
        assert address == ("127.0.0.1", 81)
        assert len(asked) == expected
    found.lookup(bank)
    assert asked == ["shop.test", "shop.test", "bank.test"]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_an_ip_address_is_not_looked_up(asked, host):
    ((_, address),) = DnsCache(lambda: 0.0).lookup(parse_origin(f"http://{host}:81"))
    assert address[:2] == (host.strip("[]"), 81)
    assert asked == []
