"""Reading the form of a bank's page as a browser would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from users.forms import Form, first_form


@pytest.mark.parametrize(
    ("html", "form"),
    [
        ("", None),
        ("<p>No form</p>", None),
        ("<form></form>", Form()),
        ("<form action=/pay><input name=cut", None),
        ("<form action=/pay><input name=off>", None),
        ("</form><form>", None),
        ("<FORM ACTION='/pay' METHOD='post'></FORM>", Form("/pay", "POST")),
        ("<form action=' /pay?a=1&amp;b=2 ' method=dialog></form>", Form("/pay?a=1&b=2", "GET")),
        ("<form><input name=a value='&lt;1&gt;'><input type=hidden name=b></form>", Form(fields={"a": "<1>", "b": ""})),
        ("<form><input value=nameless></form><input name=outside>", Form()),
        ("<input name=before><form><input name=a></form><form action=/second><input name=c></form>", Form(fields={"a": ""})),
        (
            "<form><button name=status value=success>Pay</button><button name=status value=failure>Leave</button></form>",
            Form(fields={"status": "success"}),
        ),
        ("<form><input type=submit><button name=go value=1></form>", Form()),
        ("<form><button type=button name=help value=1></button></form>", Form()),
        ("<form><input type=radio name=r value=1><input type=radio name=r value=2 checked></form>", Form(fields={"r": "2"})),
        ("<form><input type=checkbox name=c checked><input name=d disabled></form>", Form(fields={"c": "on"})),
    ],
)  # fmt: skip
def test_the_first_form_is_read_as_a_browser_sends_it(html, form):
    assert first_form(html) == form


@given(
    st.text() | st.lists(st.sampled_from(["<form ", "<![foo[", "<!", ">", "<input name=", "'", "&#", "x"])).map("".join)
)
def test_no_page_whatever_makes_the_reader_itself_fail(html):
    assert first_form(html) is None or isinstance(first_form(html), Form)
