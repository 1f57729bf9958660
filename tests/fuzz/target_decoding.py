"""Bodies that are compressed, or claim to be: they unpack to the original within the size limit, or are refused."""

from __future__ import annotations

import gzip
import zlib
from contextlib import contextmanager

import brotli

from users.http.decoding import TooLarge, Undecodable, decode

LARGEST = 5_000
PACK = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda body: brotli.compress(body, quality=1),
}


def one(random):
    body = random.randbytes(random.randrange(40)) * random.choice((1, 1, 10, 1_000))
    names = random.choices(sorted(PACK), k=random.choice((1, 1, 1, 2)))
    packed = body
    for name in names:
        packed = PACK[name](packed)
    damage = random.choice(("none", "cut", "flip", "behind"))
    if damage == "cut":
        packed = packed[: random.randrange(len(packed))]
    elif damage == "flip":
        at = random.randrange(len(packed))
        packed = packed[:at] + bytes((packed[at] ^ (1 << random.randrange(8)),)) + packed[at + 1 :]
    elif damage == "behind":
        packed += random.randbytes(random.randrange(1, 20))
    try:
        read = decode(packed, ", ".join(names), LARGEST)
    except TooLarge:
        ended, as_it_was = "too large", len(body) > LARGEST - 100
    except Undecodable:
        ended, as_it_was = "undecodable", False
    else:
        assert len(read) <= LARGEST
        ended, as_it_was = "decoded", read == body
    assert as_it_was or damage != "none"
    return ended


@contextmanager
def opened():
    yield one
