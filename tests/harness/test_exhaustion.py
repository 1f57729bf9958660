"""An error that means our own machine ran out of something is told from one of a network, however it is wrapped."""

import errno

import pytest

from harness.exhaustion import RAN_OUT, REMEDIES, ran_out


@pytest.mark.parametrize("number", sorted(RAN_OUT))
def test_each_kind_is_known_and_has_a_remedy(number):
    assert ran_out(OSError(number, "whatever")) == RAN_OUT[number]
    assert REMEDIES[RAN_OUT[number]]


def test_it_is_found_in_causes_and_in_texts():
    wrapped = ConnectionError("could not connect")
    wrapped.__cause__ = OSError(errno.EMFILE, "Too many open files")
    assert ran_out(wrapped) == "EMFILE"
    wrapped.__cause__, wrapped.__context__ = None, OSError(errno.ENOBUFS, "No buffer space available")
    assert ran_out(wrapped) == "ENOBUFS"
    assert ran_out(RuntimeError(f"[Errno {errno.EADDRNOTAVAIL}] Cannot assign requested address")) == "EADDRNOTAVAIL"


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
def test_what_a_network_or_a_shop_does_is_not_ours(error):
    assert ran_out(error) == ""


def test_an_endless_chain_of_causes_comes_to_an_end():
    error = ConnectionError("round")
    error.__cause__ = error
    assert ran_out(error) == ""
