"""The HTTP client against a scripted server: what it sends, and how it reads the response."""

import time

import gevent
import pytest

from harness.measurement.outcomes import Outcome

OK = b"HTTP/1.1 200 OK\r\n"
FRAMINGS = {
    "length": (OK + b"Content-Length: 5\r\n\r\nhello", 200, b"hello"),
    "chunked": (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nT: x\r\n\r\n", 200, b"hello"),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
    "not modified": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, b""),
    "empty": (OK + b"content-length: 0\r\n\r\n", 200, b""),
    "ahead": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        + OK
        + b"Content-Length: 2\r\n\r\nok",
        200,
        b"ok",
    ),
    "fault": (b"HTTP/1.1 503 Down\r\nContent-Length: 4\r\n\r\ndown", 503, b"down"),
}


def always(data):
    """A script that answers every request of a connection with these bytes."""

    def script(peer):
        while peer.request():
            peer.send(data)

    return script


def gone(peer):
    """Closes without an answer."""


def refusing_second(peer):
    """Answers one request, reads the next and closes."""
    peer.request()
    peer.respond()
    peer.request()


@pytest.mark.parametrize("framing", FRAMINGS)
def test_every_framing_is_read_and_the_connection_kept(serve, shopper, fetch, framing):
    data, status, body = FRAMINGS[framing]
    server = serve(always(data))
    transport = shopper(server.url)
    for _ in range(3):
        reply = fetch(transport)
        assert (reply.status, reply.body, reply.failure) == (status, body, None)
    assert server.connections == 1


def test_a_response_may_end_with_its_connection(serve, shopper, fetch):
    def script(peer):
        peer.request()
        peer.send(OK + b"Content-Type: text/plain\r\n\r\nhel")
        peer.send(b"lo")

    server = serve(script)
    transport = shopper(server.url)
    for _ in range(2):
        assert fetch(transport)[:2] == (200, b"hello")
    assert server.connections == 2


def test_the_response_to_head_has_no_body_whatever_it_says(serve, shopper, fetch):
    server = serve(always(OK + b"Content-Length: 500\r\n\r\n"))
    transport = shopper(server.url, read=1.0)
    for _ in range(2):
        assert fetch(transport, method="HEAD")[:4] == (200, b"", "", None)
    assert server.connections == 1


def test_a_response_in_very_small_pieces_is_one_response(serve, shopper, fetch):
    data = FRAMINGS["ahead"][0]

    def script(peer):
        peer.request()
        for at in range(len(data)):
            peer.send(data[at : at + 1])
            time.sleep(0.001)

    assert fetch(shopper(serve(script).url))[:2] == (200, b"ok")


def test_what_is_sent(serve, shopper, fetch):
    seen = []

    def script(peer):
        while request := peer.request():
            seen.append(request)
            peer.respond(b"ok", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Path=/")

    server = serve(script)
    transport = shopper(server.url)
    fetch(transport, "/x?page=A")
    fetch(transport, "/y", "POST", b"k=v", **{"content-type": "application/x-www-form-urlencoded"})
    fetch(transport, "/z", "POST")
    transport.clear_cookies()
    fetch(transport, "/")
    first, second, third, fourth = (request.decode().lower() for request in seen)
    assert first.startswith(f"get /x?page=a http/1.1\r\nhost: 127.0.0.1:{server.port}\r\n")
    assert "\r\naccept-encoding: gzip, deflate, br\r\n" in first
    assert "content-length" not in first
    assert "cookie" not in first
    assert "\r\ncookie: a=1; b=2\r\n" in second
    assert second.endswith("\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 3\r\n\r\nk=v")
    assert third.endswith("\r\ncontent-length: 0\r\n\r\n")
    assert "cookie" not in fourth


def test_cookies_are_sent_to_their_paths_only(serve, shopper, fetch):
    seen = []

    def script(peer):
        while request := peer.request():
            seen.append(request.partition(b"Cookie: ")[2].partition(b"\r\n")[0])
            peer.respond(b"ok", *(() if len(seen) > 1 else ("Set-Cookie: near=1", "Set-Cookie: far=2; Path=/far")))

    transport = shopper(serve(script).url)
    for url in ("/near/page?x=/far", "/near/other", "/far/page", "/"):
        fetch(transport, url)
    assert seen == [b"", b"near=1", b"far=2", b""]


def test_a_redirect_is_reported_and_not_followed(serve, shopper, fetch):
    def script(peer):
        while peer.request():
            peer.respond(b"", "Location: /elsewhere?a=b", status="302 Found")

    server = serve(script)
    reply = fetch(shopper(server.url))
    assert (reply.status, reply.location, reply.failure) == (302, "/elsewhere?a=b", None)
    assert server.connections == 1


def test_another_server_gets_a_connection_and_no_cookies_of_the_first(serve, shopper, fetch):
    seen = []

    def shop(peer):
        while peer.request():
            peer.respond(b"ok", "Set-Cookie: a=1; Path=/")

    def bank(peer):
        while request := peer.request():
            seen.append(request)
            peer.respond(b"bank")

    one, other = serve(shop), serve(bank, address="127.0.0.2")
    transport = shopper(one.url)
    assert fetch(transport).body == b"ok"
    assert fetch(transport, f"{other.url}/_bank/?reference=1").body == b"bank"
    assert seen[0].startswith(b"GET /_bank/?reference=1 HTTP/1.1\r\nHost: 127.0.0.2:")
    assert b"ookie" not in seen[0]
    assert fetch(transport, f"{one.url}/x").body == b"ok"
    assert (one.connections, other.connections) == (1, 1)


def test_a_request_that_would_be_read_as_two_is_not_sent(serve, shopper, fetch):
    server = serve(gone)
    transport = shopper(server.url)
    for headers in (
        {"x-csrftoken": "a\r\nGET / HTTP/1.1"},
        {"x": "a\x00b"},
        {"x\r\ny": "a"},
        {"Content-Length": "3"},
        {"transfer-encoding": "chunked"},
        {"Host": "other"},
        {"x": "\u0130"},
    ):
        assert transport.send("Page", "GET", "/", headers, None)[:4] == (0, b"", "", Outcome.CONNECTION)
    for method in ("GET /a HTTP/1.1\r\nX:", "", "G T"):
        assert fetch(transport, method=method).failure is Outcome.CONNECTION
    for url in ("http://", "http://a b/", "http://a:99999/", "http://[::1/", "ftp://x/", "mailto:x"):
        assert fetch(transport, url).failure is Outcome.CONNECTION
    assert server.connections == 0


def test_line_ends_in_a_path_end_no_line(serve, shopper, fetch):
    seen = []

    def script(peer):
        seen.append(peer.request())
        peer.respond()

    transport = shopper(serve(script).url)
    assert fetch(transport, "/a b?c=\r\nX: y&ü=%C3#part").status == 200
    assert seen[0].split(b"\r\n")[0] == b"GET /a%20b?c=%0D%0AX:%20y&%C3%BC=%C3 HTTP/1.1"


def test_locust_gets_every_response_once(serve, shopper, fetch):
    transport = shopper(serve(always(FRAMINGS["length"][0])).url)
    reply = fetch(transport, "/x?page=A")
    transport.report(Outcome.OK, failed=False)
    transport.report(Outcome.OK, failed=False)
    (reported,) = shopper.reported()
    assert 0 < reported.pop("response_time") < 1000
    assert abs(reported.pop("start_time") - time.time()) < 5
    assert reported.pop("url").endswith("/x?page=A")
    assert reported == {
        "request_type": "GET",
        "name": "Page",
        "response_length": 5,
        "response": reply,
        "context": {"who": "ada"},
        "exception": None,
    }


def test_many_shoppers_at_once_get_their_own_responses(serve, shopper):
    def echo(peer):
        while request := peer.request():
            peer.respond(request.split(b" ")[1])

    server = serve(echo)
    transports = [shopper(server.url) for _ in range(30)]

    def shop(number):
        transport = transports[number]
        return [transport.send("Page", "GET", f"/{number}/{turn}", {}, None).body for turn in range(20)]

    shops = [gevent.spawn(shop, number) for number in range(30)]
    gevent.joinall(shops, raise_error=True)
    for number, one in enumerate(shops):
        assert one.value == [f"/{number}/{turn}".encode() for turn in range(20)]
    assert server.connections == 30


def test_a_connection_that_is_busy_is_not_used_by_another_greenlet(serve, shopper, fetch):
    def slow(peer):
        peer.request()
        time.sleep(0.1)
        peer.respond()
        assert peer.closed_by_client()

    transport = shopper(serve(slow).url)
    first = gevent.spawn(fetch, transport)
    gevent.sleep(0.03)
    with pytest.raises(RuntimeError, match="one exchange at a time"):
        fetch(transport)
    assert first.get().body == b"ok"
    transport.close()


def test_an_ipv6_address_is_reached_and_named_in_brackets(serve, shopper, fetch):
    seen = []

    def script(peer):
        seen.append(peer.request())
        peer.respond()

    server = serve(script, address="::1")
    assert fetch(shopper(server.url)).body == b"ok"
    assert f"Host: [::1]:{server.port}\r\n".encode() in seen[0]


def test_a_name_is_looked_up(serve, shopper, fetch):
    server = serve(always(FRAMINGS["length"][0]), host="localhost")
    assert fetch(shopper(server.url)).body == b"hello"
