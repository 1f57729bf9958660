import pytest

from harness.allowed_targets import host_refusal, is_loopback, target_refusal

STAGING = frozenset({"staging.example.com", "10.1.2.3", "2001:db8::7"})


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "http://localhost:8080/",
        "https://LocalHost:8443/",
        "HTTP://127.0.0.1:1",
        "http://127.8.9.10:65535",
        "http://[::1]:8080/",
        "http://[0:0:0:0:0:0:0:1]/",
    ],
)
def test_this_machine_may_always_be_loaded_on_any_port(url):
    assert target_refusal(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://staging.example.com",
        "https://STAGING.example.com:8443/",
        "http://10.1.2.3:8000",
        "http://[2001:db8:0::7]/",
    ],
)
def test_another_host_may_be_loaded_only_if_it_is_allowed(url):
    assert target_refusal(url, STAGING) is None
    assert "allowed targets" in (target_refusal(url) or "")


def test_letter_case_and_brackets_of_allowed_hosts_do_not_matter():
    assert target_refusal("http://shop.test/", ["SHOP.test"]) is None
    assert target_refusal("http://[2001:db8::7]/", ["[2001:DB8::7]"]) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost.evil.com/",
        "http://localhost.localdomain/",
        "http://evil-localhost/",
        "http://127.0.0.1.evil.com/",
        "http://127.0.0.1.nip.io/",
        "http://shop.localhost/",
        "http://www.staging.example.com/",
        "http://staging.example.com.evil.com/",
        "http://example.com/",
        "http://0.0.0.0/",
        "http://192.168.0.1/",
        "http://128.0.0.1/",
        "http://[::]/",
        "http://[::2]/",
        "http://[fe80::1]/",
        "http://[::ffff:127.0.0.1]/",
    ],
)
def test_hosts_that_look_like_an_allowed_one_are_refused(url):
    assert "allowed targets" in (target_refusal(url, STAGING) or "")


@pytest.mark.parametrize(
    "host", ["2130706433", "017700000001", "0177.0.0.1", "0x7f000001", "0x7f.0.0.1", "127.1", "127.0.1", "127.0.0.01"]
)
def test_numbers_that_some_programs_read_as_addresses_are_refused_even_if_allowed(host):
    assert "different addresses" in (target_refusal(f"http://{host}/", [host]) or "")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://localhost/", "http"),
        ("file:///etc/passwd", "http"),
        ("gopher://localhost", "http"),
        ("localhost:8080", "http"),
        ("//localhost/", "http"),
        ("", "http"),
        ("http:localhost", "no host"),
        ("http://", "no host"),
        ("http:///path", "no host"),
        ("http://?x=localhost", "no host"),
        ("http://:8080/", "host and port"),
        ("http://localhost:/", "host and port"),
        ("http://localhost:+80/", "host and port"),
        ("http://localhost:8a/", "host and port"),
        ("http://localhost:1:2/", "host and port"),
        ("http://[::1]evil.com/", "host and port"),
        ("http://[::1/", "read"),
        ("http://localhost:0/", "port"),
        ("http://localhost:65536/", "port"),
        ("http://localhost@evil.com/", "user name"),
        ("http://me:pw@localhost/", "user name"),
        ("http://@localhost/", "user name"),
        ("http://localhost\\@evil.com/", "backslashes"),
        ("http://evil.com\\.localhost/", "backslashes"),
        ("http://local\thost/", "blanks"),
        ("http://localhost\r\nHost: evil.com", "blanks"),
        (" http://localhost/", "blanks"),
        ("http://lоcalhost/", "ASCII"),  # noqa: RUF001 - a Cyrillic letter is the point
        ("http://①②⑦.0.0.1/", "ASCII"),
        ("http://localhost%2eevil.com/", "is not a host name"),
        ("http://localhost%00.evil.com/", "is not a host name"),
        ("http://localhost./", "is not a host name"),
        ("http://-localhost/", "is not a host name"),
        ("http://local_host/", "is not a host name"),
        ("http://a..b/", "is not a host name"),
        ("http://[::1%25eth0]/", "zone"),
        ("http://[fe80::1%lo]/", "zone"),
        ("http://[v1.x]/", "read"),
    ],
)
def test_a_url_that_programs_may_read_differently_is_refused(url, reason):
    refusal = target_refusal(url, {"evil.com", "v1.x"})
    assert refusal is not None
    assert reason in refusal


def test_a_refusal_never_repeats_a_password():
    for url in ("http://me:hunter2@localhost/", "http://localhost:hunter2/", "http://me:hunter2@[::1/"):
        assert "hunter2" not in (target_refusal(url) or "")


def test_a_host_name_has_a_maximum_length():
    assert host_refusal(".".join(["a" * 63] * 3)) is None
    assert host_refusal(".".join(["a" * 63] * 5)) is not None
    assert host_refusal("a" * 64) is not None


def test_only_loopback_is_this_machine():
    assert is_loopback("127.0.0.1")
    assert not is_loopback("::ffff:127.0.0.1")
    assert not is_loopback("example.com")


@pytest.mark.parametrize("url", ["http://127.0.0.1:80/api", "http://127.0.0.1/?x=1", "http://127.0.0.1/#a"])
def test_a_path_after_the_host_is_refused(url):
    assert "leave out the part after the host" in target_refusal(url)
