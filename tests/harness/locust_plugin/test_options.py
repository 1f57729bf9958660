"""What the command line refuses before anything is sent."""

import argparse

import pytest

from harness.locust_plugin.option_checks import refuse_endless_time
from harness.locust_plugin.options import hide_passwords, refuse_unknown_classes


@pytest.fixture
def parser():
    parser = argparse.ArgumentParser(prog="locust")
    parser.add_argument("user_classes", nargs="*", metavar="<UserClass1 UserClass2>")
    refuse_unknown_classes(parser, lambda: {"Guest", "Returning"})
    return parser


def test_an_unknown_user_class_is_a_usage_error_that_lists_the_known_ones(parser, capsys):
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(["Guest", "Gest"])
    assert ended.value.code == 2
    assert "unknown user class Gest; did you mean Guest? known classes: Guest, Returning" in capsys.readouterr().err


def test_known_user_classes_are_accepted(parser):
    assert parser.parse_args(["Guest", "Returning"]).user_classes == ["Guest", "Returning"]
    assert parser.parse_args([]).user_classes == []


@pytest.mark.parametrize("time", ["100000h", "9" * 400, "9" * 5000, f"{'9' * 30}h", "soon"])
def test_the_parser_refuses_a_run_time_that_is_too_long(capsys, time):
    parser = argparse.ArgumentParser()
    parser.add_argument("-t", "--run-time", type=int)
    refuse_endless_time(parser)
    assert parser.parse_args(["-t", "1h30m"]).run_time == 5400
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(["-t", time])
    reported = capsys.readouterr().err
    assert ended.value.code == 2
    assert "--run-time" in reported
    assert len(reported) < 300


@pytest.mark.parametrize(
    "given", ["--remote-writ=http://ada:hunter2@db.example/x", "http://ada:hun/ter2@x@db.example", "x://hunter2@"]
)
def test_an_error_of_the_parser_repeats_no_password_of_a_url(parser, capsys, given):
    hide_passwords(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["Guest", given])
    reported = capsys.readouterr().err
    assert "(hidden)@" in reported
    assert "ter2" not in reported
