"""A HAR of any size and any damage is split in bounded memory, or refused with the place of the damage."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.doctor.har import entry_splitter
from scenarios.doctor.har.entry_splitter import HarError, parse_entry, split_entries


def split(content):
    return list(split_entries(io.BytesIO(content if isinstance(content, bytes) else content.encode())))


def har(*entries, **log):
    return json.dumps({"log": {"version": "1.2", "pages": [{"id": "entries"}], **log, "entries": list(entries)}})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)


@given(
    entries=st.lists(st.dictionaries(st.text(max_size=6), JSON, max_size=3), max_size=5),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 2]),
    chunk=st.integers(1, 40),
)
def test_the_entries_are_those_of_a_whole_parse_wherever_the_chunks_end(entries, ascii_only, indent, chunk):
    document = {
        "before": {"log": {"entries": [{"no": 1}]}},
        "log": {"x": [["entries"]], "entries": entries, "entries2": [{}]},
    }
    content = json.dumps(document, ensure_ascii=ascii_only, indent=indent).encode()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(entry_splitter, "_CHUNK", chunk)
        found = split(content)
    assert [parse_entry(entry, 1) for entry in found] == entries
    assert [content[entry.start : entry.start + len(entry.text)] for entry in found] == [entry.text for entry in found]


def test_a_very_long_text_is_left_out_and_the_entry_stays(monkeypatch):
    monkeypatch.setattr(entry_splitter, "LONGEST_TEXT", 50)
    (entry, other) = split(har({"video": 'ab\\"' * 40, "url": "u"}, {"url": "v"}))
    assert entry.shortened
    assert not other.shortened
    assert parse_entry(entry, 1) == {"video": "", "url": "u"}
    assert parse_entry(other, 2) == {"url": "v"}


def test_an_entry_without_end_is_refused_before_the_memory_is_full(monkeypatch):
    monkeypatch.setattr(entry_splitter, "LARGEST_ENTRY", 1000)
    with pytest.raises(HarError, match="in the entry at byte"):
        split(har({"rows": list(range(1000))}))


def test_a_byte_order_mark_is_understood():
    (entry,) = split(b"\xef\xbb\xbf" + har({"a": 1}).encode())
    assert parse_entry(entry, 1) == {"a": 1}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[]", "byte 0: a HAR begins with {"),
        ("<html>", "byte 0: a HAR begins with {"),
        (b"PK\x03\x04", "compressed file; unpack it first"),
        (b"\x1f\x8b\x08", "compressed file; unpack it first"),
        ("{}".encode("utf-16"), "this is UTF-16"),
        ("{}", "has no log, so it is no HAR"),
        ('{"log": {}}', "has no list of entries in its log"),
        ('{"log": {"entries": {}}}', "has no list of entries in its log"),
        ('{"log": []}', "has no list of entries in its log"),
        (har({"a": 1})[:-2], r"byte \d+: the file ends here, and it is not complete; record"),
        (har({"a": "word"})[:-10], r"not complete, in the entry that begins at byte \d+"),
        ('{"log": {"entries": [{"a": 1} {"b": 2}]}}', r"after byte \d+: this is not JSON"),
        ('{"log": {"entries": [{"a": 1}]}} x', r"after byte 3\d: this is not JSON"),
        ('{"log": {"entries": [}]}', "byte 21: a bracket that does not belong here"),
        ('{"log": {"entries": [' + '{"a":' * 100 + "1", "nested more than 60 deep"),
    ],
)
def test_another_file_is_refused_with_the_place(content, says):
    with pytest.raises(HarError, match=says):
        split(content)


def test_a_damaged_entry_is_named_by_its_number_and_place():
    content = '{"log": {"entries": [{"a": 1}, {"b": secret}]}}'
    first, second = split(content)
    assert parse_entry(first, 1) == {"a": 1}
    with pytest.raises(HarError, match=f"byte {content.index('secret')}, in entry 2: this is not JSON") as refused:
        parse_entry(second, 2)
    assert "secret" not in str(refused.value)
