"""Tells errors that mean our own machine ran out of something from those of a network or a shop."""

from __future__ import annotations

import errno
import re

RESOURCE_BY_ERRNO = {
    errno.EMFILE: "EMFILE",
    errno.ENFILE: "ENFILE",
    errno.EADDRNOTAVAIL: "EADDRNOTAVAIL",
    errno.ENOBUFS: "ENOBUFS",
    errno.ENOMEM: "ENOMEM",
}
"""No more open files in this process, in the machine; no local port; no buffer; no memory."""

REMEDIES = {
    "EMFILE": "raise the limit of open files (ulimit -n), or spread the load over more worker processes",
    "ENFILE": "raise the machine's limit of open files (fs.file-max)",
    "EADDRNOTAVAIL": "widen net.ipv4.ip_local_port_range, keep connections alive, or spread the load over more addresses",
    "ENOBUFS": "lower the rate, or give the machine more memory for its network",
    "ENOMEM": "give the machine more memory, or lower the number of users",
}
"""What to do about each."""

_NUMBER = re.compile(r"\[Errno (\d+)\]")
_MAX_CAUSES = 8


def exhausted_resource(error: object) -> str:
    """The name of what ran out, such as ``EMFILE``, or ``""``: looked for in the error, its causes and its text.

    HTTP libraries wrap such errors in their own, some only as text.
    """
    looked_at = 0
    while error is not None and looked_at < _MAX_CAUSES:
        number = getattr(error, "errno", None)
        if number not in RESOURCE_BY_ERRNO and (found := _NUMBER.search(str(error))):
            number = int(found[1])
        if number in RESOURCE_BY_ERRNO:
            return RESOURCE_BY_ERRNO[number]
        error = getattr(error, "__cause__", None) or getattr(error, "__context__", None)
        looked_at += 1
    return ""
