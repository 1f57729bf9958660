"""What the command line refuses before anything is sent."""

import argparse

import pytest

from harness.options import refuse_unknown_classes


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
