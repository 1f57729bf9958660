"""The CSRF token of a shop that gives it in no cookie."""

import time

import pytest

from users.journeys.html_form import csrf_token_in


@pytest.mark.parametrize(
    ("body", "token"),
    [
        ('{"csrf_token": "abc"}', "abc"),
        ('{"user": null, "data": {"_csrf": "abc"}}', "abc"),
        ('{"csrfToken": 5, "x": ["csrf"]}', ""),
        ('{"token": "abc"}', ""),
        ('<meta name="csrf-token" content="a&amp;b">', "a&b"),
        ("<META content='abc' name='_csrf' />", "abc"),
        ("<form><input type=hidden name=csrfmiddlewaretoken value=abc></form>", "abc"),
        ('<meta name="csrf-param" content=""><input name="_token" value="xyz">', "xyz"),
        ('<input name="q" value="csrf"><input name="authenticity_token" value="abc==">', "abc=="),
        ('<script>window.config = {csrfToken: "abcdefgh12"}</script>', "abcdefgh12"),
        ('<meta name="csrf-param" content="authenticity_token"><meta name="csrf-token" content="abc">', "abc"),
        ('<meta name="_csrf_header" content="X-CSRF-TOKEN"><meta name="_csrf" content="abc">', "abc"),
        ('<script>drf = {csrfHeaderName: "X-CSRFTOKEN", csrfToken: "abcdefgh12"}</script>', "abcdefgh12"),
        ('{"csrfHeaderName": "X-CSRFToken", "csrf_cookie_name": "csrftoken", "csrfToken": "abc"}', "abc"),
        ('<input type="hidden" name="csrf_test_name" value="abc">', "abc"),
        ("<script>var x = 1</script><p>csrf</p>", ""),
        ('<meta name="csrf-token" content="two words">', ""),
        ("", ""),
        ("[]", ""),
    ],
)
def test_the_token_is_read_from_json_tags_and_scripts(body, token):
    assert csrf_token_in(body.encode()) == token


@pytest.mark.parametrize(
    "body",
    [
        b"<meta csrf " * 100_000,
        b"csrf" * 200_000,
        b"csrf" + b" " * 500_000,
        b"<input csrfname" * 40_000,
        b"<input csrf=" + b"a" * 500_000,
        b"<input csrf " + b"a-" * 290 + b">" * 5000,
        (b"<input _token " + b"a" * 580 + b">") * 1000,
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b"\xff\xfe\x00" * 50_000,
    ],
    ids=range(9),
)
def test_a_hostile_page_takes_no_time(body):
    began = time.process_time()
    assert csrf_token_in(body) == ""
    assert time.process_time() - began < 0.25
