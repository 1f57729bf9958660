"""What the command line refuses before anything is sent."""

import argparse

import pytest
from locust.argument_parser import get_empty_argument_parser

from harness.locust_plugin.option_checks import refuse_endless_time
from harness.locust_plugin.options import add_options, hide_passwords, refuse_unknown_classes, refuse_unknown_options


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


def test_an_unknown_option_is_named_in_place_of_the_word_after_it(parser, capsys):
    parser.add_argument("--payment-mix")
    refuse_unknown_options(parser)
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(["--payment-mx", "gpay=1", "--sed=3"])
    assert ended.value.code == 2
    assert "error: unrecognized arguments: --payment-mx --sed\n" in capsys.readouterr().err
    assert parser.parse_args(["--payment", "gpay=1", "Guest", "--", "Returning"]).payment_mix == "gpay=1"


def test_the_help_of_each_option_with_a_value_says_its_default():
    parser = get_empty_argument_parser(add_help=False, default_config_files=[])
    add_options(parser, ["baseline"])
    (group,) = [one for one in parser._action_groups if one.title == "checkload"]
    options = [one for one in group._group_actions if one.nargs != 0]
    assert len(options) > 10
    assert [one.option_strings for one in options if "(default: " not in one.help] == []
