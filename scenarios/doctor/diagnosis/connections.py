"""Why no reply came: the name, the port, TLS, or a shop that hangs."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

from harness.measurement.outcomes import Outcome
from harness.network import DEFAULT_PORTS
from scenarios.doctor.diagnosis.failure import Failure
from scenarios.doctor.finding import Finding
from scenarios.doctor.masking import shown_text

_WORDS = {
    Outcome.TOO_LARGE: (
        "too_large",
        "was answered with more than the client reads",
        "check what the shop sends here; a longer reply needs a higher largest_reply in [target]",
        "[target] largest_reply",
    ),
    Outcome.NO_SOCKET: (
        "no_socket",
        "was not sent: this machine has no file or port left",
        "close other programs, or raise ulimit -n",
    ),
}
_START = "start the shop, and check the port in --host"


def connection(failure: Failure) -> Finding | None:
    """No complete reply came; asks the network once more to say why."""
    if failure.outcome is Outcome.ENCODING:
        coding = shown_text(failure.exchange.reply_headers.get("content-encoding", "")) or "none named"
        seen = f"was answered with a compression that cannot be read ({coding})"
        return failure.finding("encoding", seen, "have the shop or its proxy use gzip, as the request offers, or none")
    if failure.outcome in _WORDS:
        return failure.finding(*_WORDS[failure.outcome])
    if failure.outcome is Outcome.TIMEOUT and failure.history[:-1]:
        return _timeout(failure, "")
    return _probed(failure) if failure.outcome in (Outcome.CONNECTION, Outcome.TIMEOUT) else None


def _timeout(failure: Failure, more: str) -> Finding:
    remedy = "look into the log of the shop; if it is only slow, raise read_timeout in [target]"
    seen = f"had no complete reply after {failure.exchange.seconds:.0f} s{more}"
    return failure.finding("timeout", seen, remedy, "[target] read_timeout")


def _probed(failure: Failure) -> Finding:
    code, seen, remedy = probe(failure.url, verify_tls=failure.verify_tls)
    if code:
        return Finding(code, urlsplit(failure.url).netloc, seen, remedy, "--host")
    if failure.outcome is Outcome.TIMEOUT:
        return _timeout(failure, "; the port is open")
    seen = "had no complete reply: the server closed the connection, or sent something that is not HTTP"
    return failure.finding(
        "connection_closed", seen, "check that --host is a web server (http or https), and look into its log"
    )


def probe(url: str, timeout: float = 5.0, *, verify_tls: bool = True) -> tuple[str, str, str]:
    """Connect to a server step by step: code, what was seen and a remedy for the first step that fails; empty if none does."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 80)
    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return "dns", f"is not known: no address for the name {host}", "check the name in --host; a VPN may be missing"
    try:
        with socket.create_connection((host, port), timeout=timeout) as plain:
            return _probe_tls(plain, host, port, verify_tls=verify_tls) if parts.scheme == "https" else ("", "", "")
    except ConnectionRefusedError:
        return "port_closed", f"refuses connections: nothing listens on port {port}", _START
    except TimeoutError:
        remedy = "check the address in --host; a firewall may drop the packets of this machine, or a VPN may be missing"
        return "no_answer", f"does not answer on port {port} within {timeout:.0f} s", remedy
    except OSError as error:
        return "no_route", f"cannot be reached on port {port} ({error.strerror or 'no route'})", _START


def _probe_tls(plain: socket.socket, host: str, port: int, *, verify_tls: bool) -> tuple[str, str, str]:
    context = ssl.create_default_context()
    if not verify_tls:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with context.wrap_socket(plain, server_hostname=host):
            return "", "", ""
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message or "it cannot be verified"
        remedy = (
            "put the authority of the certificate into a file and name it in SSL_CERT_FILE; "
            "or, for a test system of your own, add --no-verify-tls (verify_tls = false in [target])"
        )
        return "certificate", f"has a certificate that is not accepted: {shown_text(why)}", remedy
    except TimeoutError:
        return (
            "tls",
            f"does not answer in TLS on port {port}",
            f"check the port; a server without TLS needs --host http://{host}:{port}",
        )
    except (ssl.SSLError, OSError):
        return (
            "tls",
            f"does not speak TLS on port {port}",
            f"check the port; a server without TLS needs --host http://{host}:{port}",
        )
