"""The destination of remote write: which URLs are allowed, and that no password is repeated."""

import base64

import pytest

from harness.errors import UsageError
from harness.metrics.remote_write.destination import PATH, parse_destination


def test_a_prometheus_on_this_machine_needs_only_its_address():
    to = parse_destination("http://127.0.0.1:9090", "", ())
    assert (to.secure, to.host, to.port, to.path, to.authorization) == (False, "127.0.0.1", 9090, PATH, "")
    assert str(to) == "127.0.0.1:9090"


def test_path_and_query_are_kept():
    assert parse_destination("http://localhost:1/push?tenant=a", "", ()).path == "/push?tenant=a"


def test_another_host_must_be_allowed():
    assert parse_destination("https://metrics.example/push", "", ("metrics.example",)).port == 443
    with pytest.raises(
        UsageError, match=r"--remote-write: metrics\.example is not this machine and not in the list of allowed targets"
    ):
        parse_destination("https://metrics.example/push", "", ())


def test_user_and_password_become_a_header_only():
    to = parse_destination("http://ada:sw%40rdfish@localhost:9090/", "", ())
    assert to.authorization == "Basic " + base64.b64encode(b"ada:sw@rdfish").decode()
    assert to.host == "localhost"
    for shown in (str(to), repr(to)):
        assert "ada" not in shown
        assert "rdfish" not in shown
        assert to.authorization not in shown


def test_a_token_becomes_a_header():
    assert parse_destination("http://localhost:9090", "abc", ()).authorization == "Bearer abc"


@pytest.mark.parametrize(
    ("url", "token", "reported"),
    [
        ("ftp://swordfish@localhost/", "", "must begin with http"),
        ("swordfish", "", "must begin with http"),
        ("http://a:swordfish@127.1/", "", "as different addresses"),
        ("http://a:swordfish@localhost:99999/", "", "port"),
        ("http://a:swordfish@localhost/x#y", "", "fragment"),
        ("http://a:swordfish@localhost/\n", "", "blanks"),
        ("http://a:swordfish@[::1/", "", "cannot be read"),
        ("http://a:swordfish@localhost/", "swordfish", "leave out one of them"),
        ("http://a:swordfish@shop.example/", "", "plain text"),
        ("http://shop.example/", "swordfish", "plain text"),
        ("http://localhost/", "swordfish\r\nX: y", "line end"),
    ],
)
def test_refusals_never_repeat_the_secret(url, token, reported):
    with pytest.raises(UsageError, match=reported) as refused:
        parse_destination(url, token, ("shop.example",))
    assert str(refused.value).startswith("--remote-write: ")
    assert "swordfish" not in str(refused.value)
