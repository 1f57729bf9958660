"""Responses from bytes: split anywhere, or not HTTP at all.

Longer than 300 lines: one table for each part of a response.
"""

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.measurement.outcomes import Outcome
from users.http import header_cache, response
from users.http.response import ResponseReader

OK = b"HTTP/1.1 200 OK\r\n"
LARGEST = 1000
FRAMINGS = [
    (OK + b"Content-Length: 5\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\nhello", b"hello"),
    (
        OK
        + b"Transfer-Encoding: chunked\r\nSet-Cookie: a=b\r\nset-cookie: c=d\r\n\r\n3\r\nhel\r\n2;x\r\nlo\r\n0\r\n\r\n",
        b"hello",
    ),
    (
        b"HTTP/1.1 103 Early\r\nSet-Cookie: x=y\r\n\r\n"
        + OK
        + b"Content-Length: 0\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\n",
        b"",
    ),
    (OK + b"CONTENT-LENGTH: 2\r\nSET-COOKIE: a=b\r\nSet-Cookie:c=d \r\n\r\nok", b"ok"),
]


def read(*pieces, bodiless=False, largest=LARGEST):
    reader = ResponseReader(largest)
    reader.begin(bodiless=bodiless)
    for piece in pieces:
        if reader.feed(memoryview(piece)):
            break
    return reader


@pytest.mark.parametrize(("data", "body"), FRAMINGS)
def test_a_response_split_at_every_byte_is_the_same(data, body):
    for length in range(len(data) + 1):
        reader = read(data[:length], data[length:])
        assert (reader.complete, reader.failure, reader.status, reader.reusable) == (True, None, 200, True), length
        assert reader.body() == body, length
        assert reader.cookies == (b"a=b", b"c=d"), length
    whole = read(*(data[at : at + 1] for at in range(len(data))))
    assert (whole.complete, whole.failure, whole.body(), whole.cookies) == (True, None, body, (b"a=b", b"c=d"))


@pytest.mark.parametrize(("data", "body"), FRAMINGS)
def test_a_response_is_not_complete_before_its_last_byte(data, body):
    for length in range(len(data)):
        reader = read(data[:length])
        assert not reader.complete, length
        assert reader.finish()
        assert reader.failure is Outcome.CONNECTION


def test_a_reader_starts_afresh_for_each_response():
    reader = ResponseReader(LARGEST)
    for data, body in FRAMINGS * 2:
        reader.begin(bodiless=False)
        assert reader.feed(memoryview(data))
        assert (reader.failure, reader.body(), reader.cookies) == (None, body, (b"a=b", b"c=d"))
    reader.begin(bodiless=False)
    assert reader.feed(memoryview(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"))
    assert (reader.status, reader.body(), reader.cookies, reader.location) == (404, b"", (), "")


@pytest.mark.parametrize(
    ("data", "reusable"),
    [
        (OK + b"Content-Length: 0\r\n\r\n", True),
        (OK + b"Content-Length: 0\r\nConnection: close\r\n\r\n", False),
        (OK + b"Content-Length: 0\r\nConnection: Close\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", True),
        (OK + b"Content-Length: 0\r\n\r\nH", False),
        (OK + b"Content-Length: 2\r\n\r\nok" + OK + b"Content-Length: 2\r\n\r\nno", False),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n0\r\n\r\n", False),
    ],
)
def test_when_a_connection_is_reusable(data, reusable):
    reader = read(data)
    assert (reader.complete, reader.failure, reader.reusable) == (True, None, reusable)
    assert reader.body() in (b"", b"ok")


def test_the_response_to_head_ends_with_its_head():
    head = OK + b"Content-Length: 5\r\n\r\n"
    reader = read(head, bodiless=True)
    assert (reader.complete, reader.failure, reader.reusable, reader.body()) == (True, None, True, b"")
    liar = read(head + b"hello", bodiless=True)
    assert (liar.failure, liar.reusable, liar.body()) == (None, False, b"")
    reader.begin(bodiless=False)
    assert reader.feed(memoryview(head + b"hello"))
    assert reader.body() == b"hello"


def test_a_body_may_be_as_large_as_allowed_and_no_larger():
    for size, failure in ((LARGEST, None), (LARGEST + 1, Outcome.TOO_LARGE)):
        body = b"x" * size
        for data in (
            OK + b"Content-Length: %d\r\n\r\n" % size + body,
            OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % size + body + b"\r\n0\r\n\r\n",
            OK
            + b"Content-Length: %d\r\nContent-Encoding: br\r\n\r\n" % len(brotli.compress(body))
            + brotli.compress(body),
        ):
            reader = read(data)
            assert reader.complete
            reader.body()
            assert reader.failure is failure


def test_the_header_name_cache_has_a_limit():
    for turn in range(2000):
        read(OK + b"X-%d: y\r\nContent-Length: 0\r\n\r\n" % turn)
    assert len(response._kinds) <= 512
    assert read(OK + b"cONTENT-lENGTH: 2\r\n\r\nok").body() == b"ok"


def test_a_cached_head_is_read_as_the_first_time():
    head = OK + b"Content-Length: 5\r\nContent-Encoding: br\r\nLocation: /x\r\nSet-Cookie: a=b\r\n\r\n"
    bodies = [brotli.compress(text)[:5].ljust(5, b"\x03") for text in (b"a", b"b")]
    fresh = [ResponseReader(LARGEST) for _ in bodies]
    for reader, body in zip(fresh, bodies, strict=True):
        reader.begin(bodiless=False)
        assert reader.feed(memoryview(head + body))
        assert (reader.status, reader.location, reader.cookies, reader.reusable) == (200, "/x", (b"a=b",), True)
    assert head.replace(b"Set-Cookie: a=b\r\n", b"") in header_cache._known
    plain = OK + b"Content-Length: 5\r\nX: known\r\n\r\n"
    assert [read(plain + body).body() for body in (b"hello", b"world")] == [b"hello", b"world"]
    assert read(plain + b"hel", b"lo").body() == b"hello"
    behind = read(plain + b"hello!")
    assert (behind.body(), behind.reusable) == (b"hello", False)
    assert not read(plain + b"hel").complete
    assert read(plain + b"hello", largest=4).failure is Outcome.TOO_LARGE
    silent = read(plain, bodiless=True)
    assert (silent.complete, silent.body(), silent.reusable) == (True, b"", True)


def test_the_response_to_head_is_not_cached_for_a_get():
    head = OK + b"Content-Length: 5\r\nX: asked for by HEAD\r\n\r\n"
    assert read(head, bodiless=True).reusable
    for _ in range(2):
        reader = read(head)
        assert not reader.complete
        assert reader.feed(memoryview(b"hello"))
        assert reader.body() == b"hello"
        assert read(head + b"hello").body() == b"hello"
        assert read(head, bodiless=True).body() == b""


@pytest.mark.parametrize(
    ("line", "media"),
    [
        (b"", ""),
        (b"Content-Type: application/json\r\n", "application/json"),
        (b"CONTENT-TYPE:  Text/HTML ; charset=utf-8\r\n", "text/html"),
        (b"Content-Type:\r\n", ""),
        (b"Content-Type: \xff;\r\n", "\xff"),
        (b"Content-Type: a/b\r\nContent-Type: c/d\r\n", "a/b"),
    ],
)
def test_the_media_type_is_known_with_and_without_a_cached_head(line, media):
    head = OK + line + b"X: media\r\n"
    for cookie in (b"", b"", b"Set-Cookie: a=1\r\n", b"Set-Cookie: a=2\r\n"):
        reader = read(head + cookie + b"Content-Length: 2\r\n\r\nok")
        assert (reader.media, reader.body()) == (media, b"ok")
    reader.begin(bodiless=False)
    assert reader.feed(memoryview(OK + b"Content-Length: 0\r\n\r\n"))
    assert reader.media == ""


def test_cookies_are_cut_out_of_a_cached_head(monkeypatch):
    head = OK + b"Content-Length: 2\r\nX: cookies\r\n"
    lines = b"Set-Cookie: a=%d; Path=/\r\nset-cookie: b=c d\r\n"
    assert read(head + lines % 1 + b"\r\nok").cookies == (b"a=1; Path=/", b"b=c d")
    known = set(header_cache._known)
    monkeypatch.setattr(response, "HttpResponseParser", None)  # what is known is read without it
    for between in (head + lines % 2 + b"\r\nok", head.replace(b"X", lines % 2 + b"X") + b"\r\nok"):
        reader = read(between)
        assert (reader.status, reader.cookies, reader.body(), reader.reusable) == (
            200,
            (b"a=2; Path=/", b"b=c d"),
            b"ok",
            True,
        )
    assert read(head + b"\r\nok").cookies == ()
    assert set(header_cache._known) == known


@pytest.mark.parametrize(
    ("line", "cookies"),
    [
        (b"SET-COOKIE: a=b\r\n", (b"a=b",)),
        (b"Set-Cookie:a=b\r\n", (b"a=b",)),
        (b"Set-Cookie:  a=b\r\n", (b"a=b",)),
        (b"Set-Cookie: a=b \r\n", (b"a=b",)),
        (b"Set-Cookie: a=\xe9\r\n", (b"a=\xe9",)),
        (b"Set-Cookie: \r\n", (b"",)),
    ],
)
def test_an_unusually_written_cookie_is_read_from_each_response(line, cookies):
    data = OK + b"Content-Length: 2\r\nX: otherwise\r\n" + line + b"\r\nok"
    for _ in range(3):
        reader = read(data)
        assert (reader.cookies, reader.body()) == (cookies, b"ok")


def test_a_folded_line_never_moves_to_another_header():
    folded = OK + b"Content-Length: 2\r\nX: 1\r\nSet-Cookie: a=b\r\n c\r\n\r\nok"
    before = set(header_cache._known)
    first = read(folded)
    assert set(header_cache._known) == before
    moved = read(folded.replace(b"Set-Cookie: a=b\r\n", b""))
    assert (first.failure, moved.failure, moved.cookies) == (first.failure, first.failure, ())


@pytest.mark.parametrize(
    "data",
    [
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        OK + b"Content-Length: 5\r\nConnection: close\r\n\r\nhello",
        b"HTTP/1.1 103 Early\r\nX: y\r\n\r\n" + OK + b"Content-Length: 5\r\n\r\nhello",
        OK + b"Content-Length: 5\r\n\r\nhello, and more",
    ],
)
def test_only_whole_single_responses_are_cached(data):
    before = dict(header_cache._known)
    read(data)
    assert header_cache._known == before


def test_the_head_cache_has_a_limit():
    for turn in range(2000):
        read(OK + b"X: %d\r\nContent-Length: 0\r\n\r\n" % turn)
    assert len(header_cache._known) <= 512
    long = OK + b"X: %s\r\nContent-Length: 0\r\n\r\n" % (b"y" * 5000)
    assert read(long).complete
    assert long not in header_cache._known


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4))
def test_bodies_behind_one_head_are_never_mixed_up(bodies):
    for body in bodies * 2:
        assert read(OK + b"Content-Length: %d\r\n\r\n" % len(body) + body).body() == body


def judged(reader):
    """The reply has ended or not. If it has, it is complete or has a failure of the shop."""
    reader.finish()
    assert reader.complete
    if reader.failure is None:
        assert 200 <= reader.status <= 999
    assert len(reader.body()) <= LARGEST
    assert reader.failure in (None, Outcome.CONNECTION, Outcome.TOO_LARGE, Outcome.ENCODING)


@given(st.lists(st.binary(max_size=200), max_size=6), st.booleans())
def test_garbage_never_raises(pieces, bodiless):
    judged(read(*pieces, bodiless=bodiless))


PARTS = st.lists(
    st.sampled_from(
        [
            b"HTTP/1.1 ",
            b"200 OK\r\n",
            b"100 Continue\r\n",
            b"101 S\r\n",
            b"304 N\r\n",
            b"Content-Length: 3\r\n",
            b"Content-Length: 99999999999999999999999\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"Transfer-Encoding: \xe9\r\n",
            b"Content-Encoding: gzip, br\r\n",
            b"Content-Encoding: \xff\xfe,,, identity\r\n",
            b"Connection: upgrade\r\nUpgrade: x\r\n",
            b"Connection: close\r\n",
            b"Location: \xc3\x28\r\n",
            b"Set-Cookie: \xff=\xfe; Expires=x; Max-Age=-\r\n",
            b"\r\n",
            b"3\r\nabc\r\n",
            b"0\r\n",
            b"abc",
            b"\n",
            b"\x00",
        ]
    ),
    max_size=12,
)


@given(PARTS, st.booleans(), st.integers(1, 40))
def test_pieces_of_http_in_any_order_never_raise(parts, bodiless, size):
    data = b"HTTP/1.1 200 OK\r\n" + b"".join(parts)
    judged(read(*(data[at : at + size] for at in range(0, len(data), size)), bodiless=bodiless))
    judged(read(data, bodiless=bodiless))
