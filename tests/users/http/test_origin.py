"""A proxy in the environment is refused when the client is made."""

from types import SimpleNamespace

import pytest

from users.http.client import HttpClient, HttpLimits
from users.http.origin import ProxyRefused

LIMITS = HttpLimits(1.0, 1.0, 1.0, 1000)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def make(url):
    return HttpClient(url, SimpleNamespace(), LIMITS)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("http_proxy", "http://shop.test"),
        ("https_proxy", "https://shop.test"),
        ("HTTPS_PROXY", "https://shop.test:8443"),
        ("all_proxy", "http://shop.test"),
    ],
)
def test_a_refused_proxy_names_the_variable_and_the_remedy(monkeypatch, name, url):
    monkeypatch.setenv(name, "http://ada:secret@proxy.test:3128")
    with pytest.raises(ProxyRefused, match=rf"{name.lower()} is set.*unset it.*shop\.test to no_proxy") as refusal:
        make(url)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({}, "http://shop.test"),
        ({"https_proxy": "http://proxy.test"}, "http://shop.test"),
        ({"http_proxy": "http://proxy.test", "no_proxy": "shop.test"}, "http://shop.test"),
        ({"http_proxy": "http://proxy.test", "no_proxy": "*"}, "http://shop.test"),
        ({"all_proxy": "http://proxy.test"}, "http://127.0.0.1:8000"),
        ({"all_proxy": "http://proxy.test"}, "http://[::1]:8000"),
        ({"all_proxy": "http://proxy.test"}, "http://localhost:8000"),
    ],
)
def test_targets_without_a_proxy_are_accepted(monkeypatch, environment, url):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    make(url)


def test_a_target_that_is_not_a_url_is_rejected():
    for url in ("", "shop.test", "ftp://shop.test", "http://"):
        with pytest.raises(ValueError, match="URL"):
            make(url)
