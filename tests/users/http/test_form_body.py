"""A form is written as the standard library writes it."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from users.browser import form_body


@pytest.mark.parametrize(
    "value", ["7", "05000000001", "ada+b@shoppers.example", "Köln", "1 Quay", "", "a&b=c", "\u0661", "%41"]
)
def test_values_are_quoted_where_they_have_to_be(value):
    form = {"a_b": value, "plain": "1"}
    assert form_body(form) == urlencode(form).encode()


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), max_size=8), st.text(st.characters(codec="utf-8"), max_size=8)
    )
)
def test_any_form_is_written_as_the_standard_library_does(form):
    assert form_body(form) == urlencode(form).encode()
