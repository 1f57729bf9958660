"""Reads protocol buffers without their schema."""

import struct


def varint(data, at):
    """A number, and where it ends."""
    number = shift = 0
    while True:
        number |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return number, at


def fields(data):
    """The values of a message by field number, each a list: whole numbers, floats, or bytes."""
    found, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 1:
            (value,), at = struct.unpack_from("<d", data, at), at + 8
        else:
            assert key & 7 == 2
            length, at = varint(data, at)
            value, at = data[at : at + length], at + length
            assert len(value) == length
        found.setdefault(key >> 3, []).append(value)
    return found


def delimited(data):
    """Messages, each with its length before it."""
    at = 0
    while at < len(data):
        length, at = varint(data, at)
        yield fields(data[at : at + length])
        at += length


def unzigzag(number):
    return (number >> 1) ^ -(number & 1)


def packed_sint_field(data):
    at = 0
    while at < len(data):
        number, at = varint(data, at)
        yield unzigzag(number)
