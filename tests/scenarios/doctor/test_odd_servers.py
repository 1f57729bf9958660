"""What can go wrong below HTTP, over real sockets and through the command itself; each ends soon, with a finding."""

import gzip
import json
import socket
import ssl

import pytest
import trustme
from raw_server import serve

from scenarios.commands.cli import main

__all__ = ["serve"]  # a fixture

SHORT = """
objectives = ["journey failures <= 0%"]
arrivals = { rate = "1/s", duration = "1s" }
target = { read_timeout = "300ms", connect_timeout = "500ms", largest_reply = 20_000 }
"""


@pytest.fixture
def doctor(tmp_path, capsys):
    """Call the command; returns its exit code and what it printed as JSON."""
    (tmp_path / "short.toml").write_text(SHORT)

    def go(url, *options):
        code = main(["doctor", "--host", url, "--scenario", str(tmp_path / "short.toml"), "--json", *options])
        return code, json.loads(capsys.readouterr().out)

    return go


def first(document):
    return document["findings"][0]


def hangs(peer):
    peer.request()
    peer.closed_by_client()


def endless(peer):
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
    with pytest.raises(OSError):  # noqa: PT011 - the client has gone
        while True:
            peer.send(b"1," * 4096)


def trickles(peer):
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    with pytest.raises(OSError):  # noqa: PT011 - the client has gone
        while True:
            peer.send(b" ")
            peer.sock.settimeout(0.05)
            try:
                if not peer.sock.recv(1):
                    return
            except TimeoutError:
                pass


def closes(peer):
    peer.request()


def speaks_something_else(peer):
    peer.send(b"SSH-2.0-OpenSSH_9.6\r\n")
    peer.closed_by_client()


def compresses_wrongly(peer):
    peer.request()
    peer.respond(b"{}", "Content-Encoding: gzip", "Content-Type: application/json")


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        (hangs, "timeout", "no complete reply after"),
        (endless, "too_large", "more than the client reads"),
        (trickles, "timeout", "no complete reply after"),
        (closes, "connection_closed", "closed the connection"),
        (speaks_something_else, "connection_closed", "not HTTP"),
        (compresses_wrongly, "encoding", "cannot be read (gzip)"),
    ],
)
def test_a_server_that_does_not_answer_properly(serve, doctor, script, code, words):
    server = serve(script, may_break=True)
    exit_code, document = doctor(server.url)
    assert (exit_code, first(document)["code"]) == (3, code), document["findings"]
    assert words in first(document)["text"]


def test_a_port_where_nothing_listens(doctor):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        exit_code, document = doctor(f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert (exit_code, first(document)["code"]) == (4, "port_closed")


def test_a_name_that_is_not_known(doctor):
    exit_code, document = doctor("http://shop.invalid", "--allow-target", "shop.invalid")
    assert (exit_code, first(document)["code"]) == (4, "dns")


def test_a_certificate_that_nobody_trusts(serve, doctor):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    server = serve(closes, context=context, may_break=True)
    exit_code, document = doctor(server.url)
    assert (exit_code, first(document)["code"]) == (4, "certificate")
    assert "--no-verify-tls" in first(document)["remedy"]
    exit_code, document = doctor(server.url, "--no-verify-tls")
    assert first(document)["code"] == "connection_closed"


def test_https_on_a_plain_port(serve, doctor):
    server = serve(lambda peer: peer.sock.recv(1), may_break=True)
    exit_code, document = doctor(server.url.replace("http:", "https:"))
    assert (exit_code, first(document)["code"]) == (4, "tls")
    assert f"--host {server.url}" in first(document)["remedy"]


def test_a_shop_of_an_older_http_that_compresses_is_understood(serve, doctor):
    def script(peer):
        body = gzip.compress(
            json.dumps({"csrf_token": "t"} if b"/csrf_token/" in peer.request() else {"a": 1}).encode()
        )
        peer.send(b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: application/json\r\n\r\n" + body)

    _, document = doctor(serve(script).url)
    assert document["paths"][0]["exchanges"][0]["reply"] == {"csrf_token": "…"}
    assert first(document)["page"].startswith("GET /product/")


def test_nothing_is_sent_to_a_host_that_is_not_allowed(capsys):
    assert main(["doctor", "--host", "http://user:secret@shop.example"]) == 2
    assert "secret" not in capsys.readouterr().err


def test_all_wrong_options_are_named_at_once_and_nothing_is_sent(tmp_path, capsys):
    (tmp_path / "own.toml").write_text("")
    options = ["--write", str(tmp_path / "own.toml"), "--html", str(tmp_path / "no" / "x.html"), "--time-limit", "soon"]
    assert main(["doctor", "--host", "http://shop.example", *options]) == 2
    said = capsys.readouterr().err
    for option in ("--host http://shop.example", "--write", "--html", "--time-limit soon", "--overwrite"):
        assert option in said
