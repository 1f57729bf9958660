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


def test_a_user_class_that_there_is_not_is_misuse_and_the_message_says_which_there_are(parser, capsys):
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(["Guest", "Gest"])
    assert ended.value.code == 2
    assert "there is no user class Gest; did you mean Guest? there are Guest, Returning" in capsys.readouterr().err


def test_user_classes_that_there_are_are_taken(parser):
    assert parser.parse_args(["Guest", "Returning"]).user_classes == ["Guest", "Returning"]
    assert parser.parse_args([]).user_classes == []


@pytest.mark.parametrize("time", ["100000h", "9" * 400, "9" * 5000, f"{'9' * 30}h", "soon"])
def test_a_run_time_beyond_all_bounds_is_refused_by_the_parser(capsys, time):
    parser = argparse.ArgumentParser()
    parser.add_argument("-t", "--run-time", type=int)
    refuse_endless_time(parser)
    assert parser.parse_args(["-t", "1h30m"]).run_time == 5400
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(["-t", time])
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert "--run-time" in told
    assert len(told) < 300


@pytest.mark.parametrize(
    "given", ["--remote-writ=http://ada:hunter2@db.example/x", "http://ada:hun/ter2@x@db.example", "x://hunter2@"]
)
def test_an_error_of_the_parser_repeats_no_password_of_a_url(parser, capsys, given):
    hide_passwords(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["Guest", given])
    told = capsys.readouterr().err
    assert "(hidden)@" in told
    assert "ter2" not in told
