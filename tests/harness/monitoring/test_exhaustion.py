"""Errors of an exhausted machine are recognized, even when other errors wrap them."""

import errno

import pytest

from harness.monitoring.exhaustion import REMEDIES, RESOURCE_BY_ERRNO, exhausted_resource


@pytest.mark.parametrize("number", sorted(RESOURCE_BY_ERRNO))
def test_each_resource_has_a_name_and_a_remedy(number):
    assert exhausted_resource(OSError(number, "whatever")) == RESOURCE_BY_ERRNO[number]
    assert REMEDIES[RESOURCE_BY_ERRNO[number]]


def test_the_error_is_found_in_causes_and_texts():
    wrapped = ConnectionError("could not connect")
    wrapped.__cause__ = OSError(errno.EMFILE, "Too many open files")
    assert exhausted_resource(wrapped) == "EMFILE"
    wrapped.__cause__, wrapped.__context__ = None, OSError(errno.ENOBUFS, "No buffer space available")
    assert exhausted_resource(wrapped) == "ENOBUFS"
    assert (
        exhausted_resource(RuntimeError(f"[Errno {errno.EADDRNOTAVAIL}] Cannot assign requested address"))
        == "EADDRNOTAVAIL"
    )


@pytest.mark.parametrize(
    "error",
    [
        None,
        "",
        "refused",
        ConnectionRefusedError(errno.ECONNREFUSED, "refused"),
        TimeoutError("timed out"),
        ValueError("24"),
    ],
)
def test_errors_of_network_and_shop_are_no_exhaustion(error):
    assert exhausted_resource(error) == ""


def test_an_endless_chain_of_causes_ends():
    error = ConnectionError("round")
    error.__cause__ = error
    assert exhausted_resource(error) == ""
