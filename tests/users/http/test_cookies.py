"""Cookies are sent where they belong and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from users.http.cookies import CookieStore
from users.http.origin import Origin

SHOP = Origin(secure=False, host="shop.test", port=80)
TLS = Origin(secure=True, host="shop.test", port=443)
WALL = 1_750_000_000.0  # Sun, 15 Jun 2025 15:06:40 GMT


@pytest.fixture
def jar():
    return CookieStore(lambda: WALL)


def sent(jar, origin=SHOP, path="/", now=0.0):
    line = jar.header_line(origin, path, now).decode("latin-1")
    assert line == "" or (line.startswith("Cookie: ") and line.endswith("\r\n") and line.count("\r\n") == 1)
    return line[8:-2]


def set_(jar, raw, origin=SHOP, path="/orders/checkout/", now=0.0):
    jar.store(origin, path, raw.encode("latin-1"), now)


def test_a_cookie_is_sent_until_one_with_the_same_name_replaces_it(jar):
    set_(jar, "osessionid=1; Path=/; HttpOnly; SameSite=Lax")
    set_(jar, "csrftoken=t; path=/")
    assert sent(jar) == "osessionid=1; csrftoken=t"
    set_(jar, "osessionid=2; Path=/")
    assert sent(jar) == "osessionid=2; csrftoken=t"
    jar.clear()
    assert sent(jar) == ""


@pytest.mark.parametrize(
    ("domain", "host", "goes"),
    [
        ("", "shop.test", True),
        ("", "www.shop.test", False),
        ("; Domain=shop.test", "shop.test", True),
        ("; Domain=.Shop.test", "www.shop.test", True),
        ("; Domain=shop.test", "badshop.test", False),
        ("; Domain=other.test", "other.test", False),  # not its to set
        ("; Domain=www.shop.test", "www.shop.test", False),
        ("; Domain=test", "shop.test", False),
        ("; Domain=", "www.shop.test", False),
    ],
)
def test_the_hosts_a_cookie_goes_to(jar, domain, host, goes):
    set_(jar, f"a=1; Path=/{domain}")
    assert sent(jar, Origin(secure=False, host=host, port=80)) == ("a=1" if goes else "")


def test_an_ip_address_has_no_parent_domains(jar):
    address = Origin(secure=False, host="127.0.0.1", port=80)
    set_(jar, "a=1; Domain=0.0.1", address)
    set_(jar, "b=1; Domain=127.0.0.1", address)
    assert sent(jar, address, "/orders/checkout/") == "b=1"


@pytest.mark.parametrize(
    ("scope", "path", "goes"),
    [
        ("; Path=/", "/x", True),
        ("; Path=/orders", "/orders", True),
        ("; Path=/orders", "/orders/checkout/", True),
        ("; Path=/orders/", "/orders", False),
        ("; Path=/orders", "/ordersx", False),
        ("", "/orders/checkout/x", True),  # the directory of the page that set it
        ("", "/orders/", False),
        ("; Path=orders", "/orders/checkout/", True),  # no path at all: as if there were none
    ],
)
def test_the_paths_a_cookie_goes_to(jar, scope, path, goes):
    set_(jar, f"a=1{scope}")
    assert sent(jar, path=path) == ("a=1" if goes else "")
    set_(jar, "b=2; Path=/")
    assert sent(jar, path=path) == ("a=1; b=2" if goes else "b=2")


def test_the_longer_path_comes_first(jar):
    set_(jar, "a=1; Path=/")
    set_(jar, "a=2; Path=/orders")
    assert sent(jar, path="/orders/x") == "a=2; a=1"
    assert sent(jar, path="/") == "a=1"


def test_a_secure_cookie_is_sent_over_tls_only_and_not_replaced_over_plain_http(jar):
    set_(jar, "a=1; Path=/; Secure", SHOP)
    assert sent(jar, TLS) == ""
    set_(jar, "a=1; Path=/; Secure", TLS)
    assert (sent(jar, TLS), sent(jar, SHOP)) == ("a=1", "")
    set_(jar, "a=2; Path=/", SHOP)
    assert sent(jar, TLS) == "a=1"
    set_(jar, "a=3; Path=/", TLS)
    assert (sent(jar, TLS), sent(jar, SHOP)) == ("a=3", "a=3")


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("__Host-a=1; Path=/; Secure", True),
        ("__Host-a=1; Secure", False),
        ("__host-a=1; Path=/; Secure; Domain=shop.test", False),
        ("__Secure-a=1; Path=/; Secure", True),
        ("__Secure-a=1; Path=/", False),
    ],
)
def test_cookie_name_prefixes_are_enforced(jar, raw, kept):
    set_(jar, raw, TLS, "/x")
    assert (len(jar) == 1) is kept


@pytest.mark.parametrize(
    ("age", "lives"),
    [
        ("; Max-Age=10", 10),
        ("; Max-Age=0", 0),
        ("; Max-Age=-5", 0),
        ("; Max-Age=10; Expires=Sun, 15 Jun 2025 15:07:40 GMT", 10),
        ("; Expires=Sun, 15 Jun 2025 15:07:40 GMT", 60),
        ("; Expires=Sun, 15-Jun-2025 15:07:40 GMT", 60),
        ("; Expires=Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("; Expires=soon", 1e6),
        ("; Max-Age=soon", 1e6),
        ("; Max-Age=99999999999999999999999999", 1e6),
        ("; Expires=Sun, 15 Jun 99999999999 15:07:40 GMT", 1e6),
        ("", 1e9),
    ],
)
def test_how_long_a_cookie_lives(jar, age, lives):
    set_(jar, "a=1; Path=/", now=100.0)
    set_(jar, f"a=2; Path=/{age}", now=100.0)
    set_(jar, "z=0; Path=/", now=100.0)
    if lives:
        assert sent(jar, now=100.0 + lives - 0.5) == "a=2; z=0"
    if lives < 1e6:
        assert sent(jar, now=100.0 + lives) == "z=0"


def test_a_cookie_set_again_lives_on(jar):
    set_(jar, "a=1; Path=/; Max-Age=10", now=0.0)
    assert sent(jar, now=5.0) == "a=1"
    set_(jar, "a=1; Path=/; Max-Age=10", now=8.0)
    assert sent(jar, now=15.0) == "a=1"
    assert sent(jar, now=18.0) == ""


def test_a_cookie_store_has_a_maximum_size(jar):
    for number in range(500):
        set_(jar, f"c{number}=1; Path=/")
    assert len(jar) == 64
    assert "c499=1" in sent(jar)
    assert "c0=1" not in sent(jar)
    set_(jar, "big=" + "x" * 5000)
    assert "big" not in sent(jar)


@given(st.lists(st.tuples(st.text(alphabet=st.characters(max_codepoint=255), max_size=60), st.booleans()), max_size=5))
def test_no_cookie_can_add_a_header_line(raws):
    jar = CookieStore(lambda: WALL)
    for raw, secure in raws:
        set_(jar, raw, TLS if secure else SHOP)
    for origin in (SHOP, TLS):
        sent(jar, origin)
        sent(jar, origin, "/orders/checkout/")


ATTRIBUTES = st.sampled_from(
    ["Path=/", "Path=", "Domain=", "Domain=..", "Domain=shop.test", "Max-Age=-", "Max-Age=--1", "Max-Age=²", "Expires=",
     "Expires=99 99 99 99:99:99", "Expires=Mon, 31 Feb 0000 25:61:61 +9999", "Secure", "=", "", "\t", "a=b\r"]
)  # fmt: skip


@given(st.lists(ATTRIBUTES, max_size=6))
def test_attributes_may_be_nonsense(attributes):
    jar = CookieStore(lambda: WALL)
    set_(jar, "; ".join(["a=1", *attributes]))
    assert sent(jar, path="/orders/checkout/") in ("a=1", "")
