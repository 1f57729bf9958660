"""The form of a bank's page is read as a browser would read it."""

from __future__ import annotations

import time
from html import escape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from users.journeys.html_form import Form, first_form


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


@pytest.mark.parametrize(
    ("html", "form"),
    [
        ("<!-- <form action=/no></form> --><form action=/pay></form>", Form("/pay")),
        ("<!--><form></form>", Form()),
        ("<!---><form></form>", Form()),
        ("<!-- <form></form>", None),
        ("<script>'<form action=/no></form>'</SCRIPT ><form action=/pay></form>", Form("/pay")),
        ("<style>a::before { content: '</form>' }</style><form></form>", Form()),
        ("<form><textarea></form><input name=no></textarea></form>", Form()),
        ("<script><form></form>", None),
        ("<form><noscript><input name=go></noscript></form>", Form(fields={"go": ""})),
        ("<![CDATA[<form action=/no>]]><form action=/pay></form>", Form("/pay")),
        ("<?php <form> ?><form></form>", Form()),
        ("1 < 2 </> </ form><form></form>", Form()),
        ("<p title='<form action=/no></form>'><form action=/pay></form>", Form("/pay")),
        ("<formula><form/action=/pay></form>", Form("/pay")),
        ("<form action=/a action=/b></form id=x>", Form("/a")),
        ("<form><input name = 'a' value =\n\"b\"/><input/name=c></form>", Form(fields={"a": "b", "c": ""})),
        ("<form><input name=a value=1/></form>", Form(fields={"a": "1/"})),
        ("<form><input name=a value='></form>", None),
        ("<form><input name=a value=&#65;&#x00000000042;&lt&nothing;&></form>", Form(fields={"a": "AB<&nothing;&"})),
        ("<form action='/?a=1&copy=2&copyright&amp;=3'></form>", Form("/?a=1&copy=2&copyright&=3")),
        (f"<form><input name=a value='&#{'9' * 9999};'></form>", Form(fields={"a": "\N{REPLACEMENT CHARACTER}"})),
    ],
)  # fmt: skip
def test_text_that_looks_like_a_tag_is_skipped(html, form):
    assert first_form(html) == form


@given(
    st.text() | st.lists(st.sampled_from(["<form ", "<![foo[", "<!", ">", "<input name=", "'", "&#", "x"])).map("".join)
)
def test_no_page_makes_the_form_reader_raise(html):
    assert first_form(html) is None or isinstance(first_form(html), Form)


class Reference(HTMLParser):
    """The tags of a page as the standard library reads them, in a time that grows with the square of some pages."""

    def __init__(self, html):
        super().__init__()
        self.form, self.fields, self.closed = None, {}, False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        held = {name: value or "" for name, value in attrs}
        if tag == "form" and self.form is None:
            self.form = held
        elif tag == "input" and self.form is not None and not self.closed:
            self.fields[held["name"]] = held.get("value", "")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        self.closed = self.closed or (tag == "form" and self.form is not None)


WORD = st.text("abcdefghijklmnopqrstuvwxyz-_", min_size=1, max_size=8)
VALUE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
BLANK = st.sampled_from([" ", "\n", "\t ", "  "])


@st.composite
def tags(draw, name, attributes):
    """A start tag with these attributes among others, in any order and written in any way."""
    others = draw(st.dictionaries(WORD.map("data-{}".format), VALUE, max_size=2))
    written = [name if draw(st.booleans()) else name.upper()]
    for key, value in draw(st.permutations([*attributes.items(), *others.items()])):
        kind = draw(st.sampled_from("\"'"))
        equals = draw(st.sampled_from(["=", " = ", "=\n"]))
        bare = value.isalnum() and value.isascii() and draw(st.booleans())
        quoted = value if bare else f"{kind}{escape(value)}{kind}"
        written.append(f"{draw(BLANK)}{key}{equals}{quoted}")
    return f"<{''.join(written)}{draw(st.sampled_from(['', ' ', ' /']))}>"


@st.composite
def pages(draw):
    """An ordinary page with a form, as a bank might write it."""
    between = st.sampled_from(
        [
            "",
            "text & more",
            "<p class='a > b'>",
            "</p>",
            "<br/>",
            "<!-- <form> -->",
            "<script>if (a < b) '<form>'</script>",
        ]
    )
    parts = ["<!DOCTYPE html><html>", draw(between)]
    action, method = draw(VALUE), draw(st.sampled_from(["post", "POST", "get", "dialog"]))
    parts.append(draw(tags("form", {"action": action, "method": method})))
    for name, value in draw(st.dictionaries(WORD, VALUE, max_size=4)).items():
        parts += draw(tags("input", {"name": name, "value": value})), draw(between)
    return "".join([*parts, "</form>", draw(between), "<form action=/second></form></html>"])


@given(pages())
def test_an_ordinary_page_is_read_as_the_standard_librarys_parser_reads_it(html):
    form, reference = first_form(html), Reference(html)
    assert form is not None
    assert form.action == reference.form["action"].strip()
    assert form.method == ("POST" if reference.form["method"].upper() == "POST" else "GET")
    assert form.fields == reference.fields


HOSTILE = [
    "<a ", "<a", "<a>", "<", "</", "</a", "</a>", "<!--", "<!-->", "<!-- -->", "<!-- ->", "<![", "<![CDATA[", "<!", "<!>", "<?", "<?>",
    "<form>", "<form ", "<input>", "<input a ", "<input a=", "<input value='", "a b ", "a=b ", "a='b' ", "='", '="', "= ", "= =", "/", "/ ",
    "<script>", "<script></script>", "</script", "<textarea>", "<title><", "\0", "\0<", " ", "\n", "&", "&#", "&#1", "&#x", "&a", "&amp;",
    "&a;&", "&notit;", "]]>", "--", "-->", "-", "'", '"', "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}", "<\N{KELVIN SIGN}>",
]  # fmt: skip
BEFORE = ["", "<a ", "<form ", "<form><input ", "<form><input value='", "<form>", "<!--", "<script>", "&"]


def seconds(html):
    """The least CPU time of several turns: other work of the machine only ever adds to it."""
    turns = []
    for _ in range(3):
        began = time.thread_time()
        first_form(html)
        turns.append(time.thread_time() - began)
    return min(turns)


@pytest.mark.parametrize("before", BEFORE)
def test_no_page_takes_longer_than_its_length_allows(before):
    # A time that grows with the square would be 64 times as long. What is quick for any length says nothing.
    for piece in HOSTILE:
        short, long = (seconds(before + piece * (size // len(piece))) for size in (2_500, 20_000))
        assert long < max(24 * short, 0.002), (before, piece)


def test_the_form_reader_stops_at_a_limit():
    pages = [html * 300_000 for html in ("<a>", "<!-->", "<p a=b>", "<form><input>")]
    pages += [f"<form><input value='{piece * 300_000}'></form>" for piece in ("&amp;", "&a", "x")]
    pages += [f"<form><input {'a ' * 300_000}></form>"]
    for html in pages:
        assert first_form(html + "<form></form>") is None


def test_a_page_may_be_long_where_it_holds_no_tags():
    assert first_form(f"<script>{'<a ' * 500_000}</script><img src='{'x' * 500_000}'><form></form>") == Form()
