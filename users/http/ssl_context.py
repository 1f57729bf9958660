"""TLS as this client speaks it: one context for the whole process, and certificates verified unless told otherwise.

A context of one's own for each shopper would cost hundreds of kilobytes and tens of milliseconds each. The file that
the environment variable ``SSL_CERT_FILE`` names is trusted in place of the system's, as with any OpenSSL program.
"""

from __future__ import annotations

from functools import cache

from gevent import ssl


@cache
def context(*, verified: bool) -> ssl.SSLContext:
    """The context that all connections of this process share."""
    shared = ssl.create_default_context()
    if not verified:
        shared.check_hostname = False
        shared.verify_mode = ssl.CERT_NONE
    shared.set_alpn_protocols(["http/1.1"])
    return shared
