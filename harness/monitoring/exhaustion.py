"""Recognizes errors that mean that this machine ran out of a resource, and not that the network or the shop failed."""

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
"""The name of each such error."""

RESOURCES = {
    "EMFILE": "open files",
    "ENFILE": "open files on the whole machine",
    "EADDRNOTAVAIL": "local ports",
    "ENOBUFS": "network buffers",
    "ENOMEM": "memory",
}
"""What the machine ran out of, by the name of the error."""

REMEDIES = {
    "EMFILE": "raise the limit of open files (ulimit -n), or spread the load over more worker processes",
    "ENFILE": "raise the machine's limit of open files (fs.file-max)",
    "EADDRNOTAVAIL": "widen net.ipv4.ip_local_port_range, keep connections alive, or spread the load over more addresses",
    "ENOBUFS": "lower the rate, or give the machine more memory for its network",
    "ENOMEM": "give the machine more memory, or lower the number of users",
}
"""The remedy, by the name of the error."""

_NUMBER = re.compile(r"\[Errno (\d+)\]")
_MAX_CAUSES = 8


def exhausted_resource(error: object) -> str:
    """The name of the error that means an exhausted resource, such as ``EMFILE``, or ``""``.

    It may be in the error, in one of its causes, or in their text: HTTP libraries wrap such errors, some as text only.
    """
    examined = 0
    while error is not None and examined < _MAX_CAUSES:
        number = getattr(error, "errno", None)
        if number not in RESOURCE_BY_ERRNO and (found := _NUMBER.search(str(error))):
            number = int(found[1])
        if number in RESOURCE_BY_ERRNO:
            return RESOURCE_BY_ERRNO[number]
        error = getattr(error, "__cause__", None) or getattr(error, "__context__", None)
        examined += 1
    return ""
