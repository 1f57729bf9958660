"""The key trace.link is the address of a trace, or it is refused."""

import pytest

LOAD = 'objectives = ["journey failures < 1%"]\n[arrivals]\nrate = "10/s"\nduration = "1m"\n'


def test_a_link_has_the_place_of_the_trace_id(written):
    link = "http://127.0.0.1:3200/trace/{trace_id}"
    assert written(f'{LOAD}[trace]\nlink = "{link}"\n').document.trace.link == link


@pytest.mark.parametrize(
    "link",
    [
        "https://tempo.example.com/trace/",
        "https://tempo.example.com/{trace}",
        "tempo.example.com/{trace_id}",
        "javascript:alert('{trace_id}')",
        "https://{trace_id}.example.com/",
        "https://ada:swordfish@tempo.example.com/{trace_id}",
        "https://tempo.example.com/{trace_id}/{trace_id}",
        "https:///{trace_id}",
    ],
)
def test_any_other_link_is_refused_with_an_example(complaints, link):
    found = complaints(f'{LOAD}[trace]\nlink = "{link}"\n')["trace.link"]
    assert "{trace_id}" in found.remedy
    assert "swordfish" not in str(found)
