"""Compressed bodies are decoded within limits."""

import gzip
import zlib
from contextlib import suppress

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from users.http.decoding import ACCEPT_ENCODING, TooLarge, Undecodable, decode

BODY = b"the same words again and again, " * 30
RAW = zlib.compressobj(wbits=-15)
DEFLATED_RAW = RAW.compress(BODY) + RAW.flush()


def gzipped(body):
    """The same bytes each time: they hold no time of packing."""
    return gzip.compress(body, mtime=0)


PACKED = [
    ("gzip", gzipped(BODY)),
    ("X-GZIP ", gzipped(BODY)),
    ("gzip", gzipped(BODY[:100]) + gzipped(BODY[100:])),
    ("deflate", zlib.compress(BODY)),
    ("deflate", DEFLATED_RAW),
    ("br", brotli.compress(BODY)),
    ("gzip, br", brotli.compress(gzipped(BODY))),
    ("identity", BODY),
    ("", BODY),
]


@pytest.mark.parametrize(("codings", "packed"), PACKED)
def test_a_compressed_body_is_decoded(codings, packed):
    assert decode(packed, codings, len(BODY)) == BODY


@pytest.mark.parametrize(("codings", "packed"), PACKED[:7])
def test_a_body_must_not_decode_to_more_than_allowed(codings, packed):
    with pytest.raises(TooLarge):
        decode(packed, codings, len(BODY) - 1)


@pytest.mark.parametrize(("codings", "packed"), PACKED[:7])
def test_an_incomplete_compressed_body_is_rejected(codings, packed):
    with pytest.raises(Undecodable):
        decode(packed[:-4], codings, 10_000)


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzipped), ("br", lambda body: brotli.compress(body, quality=1))])
def test_a_decompression_bomb_uses_little_memory(coding, pack):
    with pytest.raises(TooLarge):
        decode(pack(bytes(50_000_000)), coding, 1000)


def test_many_gzip_members_in_one_body_are_decoded_up_to_a_limit():
    assert decode(gzipped(b"") * 98 + gzipped(BODY), "gzip", 10_000) == BODY
    with pytest.raises(Undecodable):
        decode(gzipped(b"") * 100_000, "gzip", 10_000)


def test_an_unknown_content_encoding_is_rejected():
    for codings in ("zstd", "compress", "gzip, zstd", ", ".join(["gzip"] * 4)):
        with pytest.raises(Undecodable):
            decode(gzip.compress(BODY), codings, 10_000)
    assert ACCEPT_ENCODING == "gzip, deflate, br"


def test_an_empty_body_needs_no_decoding():
    assert decode(b"", "gzip", 10) == b""


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br", "gzip, br", "br, deflate"]))
def test_garbage_is_rejected_or_decoded_within_limits(body, codings):
    with suppress(TooLarge, Undecodable):
        assert len(decode(body, codings, 100)) <= 100
