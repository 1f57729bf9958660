import argparse
import socket
from argparse import Namespace

import pytest

from harness.errors import UsageError
from harness.locust_plugin.options import check_after_parsing
from harness.network import refuse_ports_in_use, unavailable


@pytest.fixture
def busy():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def options(**overrides):
    return Namespace(
        **{
            "worker": False,
            "master": False,
            "processes": None,
            "master_bind_host": "127.0.0.1",
            "master_bind_port": 0,
            "headless": False,
            "headful": None,
            "web_host": "127.0.0.1",
            "web_port": 0,
            **overrides,
        }
    )


def test_a_free_port_is_accepted():
    assert unavailable("127.0.0.1", 0) == ""
    assert unavailable("*", 0) == ""
    refuse_ports_in_use(options(master=True))


@pytest.mark.parametrize("host", ["127.0.0.1", "*", ""])
def test_a_port_in_use_is_reported(busy, host):
    assert f"port {busy} of " in unavailable(host, busy)
    assert "in use by another program" in unavailable(host, busy)


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), ("127.0.0.1", 99_999)])
def test_a_wrong_address_or_port_is_reported(host, port):
    assert unavailable(host, port)


def test_one_error_names_both_ports_with_option_and_remedy(busy):
    with pytest.raises(UsageError) as refused:
        refuse_ports_in_use(options(processes=2, master_bind_port=busy, web_port=busy))
    master, web = str(refused.value).splitlines()
    assert master.startswith(f"--master-bind-port {busy}: ")
    assert "--master-port for the workers" in master
    assert web.startswith(f"--web-port {busy}: ")
    assert "--headless" in web


def test_an_address_of_another_machine_names_the_host_option():
    with pytest.raises(UsageError, match=r"^--web-host 192\.0\.2\.1: "):
        refuse_ports_in_use(options(web_host="192.0.2.1"))


@pytest.mark.parametrize(
    "overrides",
    [{"worker": True}, {"headless": True}, {"headless": True, "master_bind_port": True}],
)
def test_a_port_that_is_not_opened_may_be_in_use(busy, overrides):
    overrides = {name: busy if name.endswith("port") else value for name, value in overrides.items()}
    refuse_ports_in_use(options(web_port=busy, **overrides))


def test_what_options_say_together_is_checked_when_they_have_been_parsed():
    parser, seen = argparse.ArgumentParser(), []
    parser.add_argument("--one")
    check_after_parsing(parser, lambda parsed: seen.append(parsed.one))
    assert parser.parse_args(["--one", "x"]).one == "x"
    assert seen == ["x"]
