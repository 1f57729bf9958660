"""The shop keeps the documents of thousands of orders and addresses in little memory."""

import tracemalloc

import pytest

from shop.packed import PackedDocument, PackedDocuments

DOCUMENT = {
    "pk": 1,
    "line": "Çay 1",
    "primary": False,
    "notes": None,
    "city": {"pk": 80, "name": "Izmir"},
    "sums": ["1.00"],
}


def test_a_document_is_the_same_when_it_is_read_and_each_time_a_new_object():
    packed = PackedDocument(DOCUMENT)
    read = packed.read()
    assert read == DOCUMENT
    read["line"] = "2"
    assert packed.read() == DOCUMENT


def test_a_document_takes_no_more_memory_than_its_text():
    tracemalloc.start()
    try:
        kept = [PackedDocument(DOCUMENT | {"pk": number}) for number in range(1_000)]
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(kept) == 1_000
    assert taken / 1_000 < 300


def test_a_long_document_is_compressed():
    tracemalloc.start()
    try:
        packed = PackedDocument(long := {"lines": [DOCUMENT] * 100})
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert packed.read() == long
    assert taken < 2_000


def test_documents_have_an_order_and_can_be_removed():
    documents = PackedDocuments()
    for key in "abc":
        documents[key] = {"key": key}
    del documents["b"]
    assert (list(documents), len(documents), "b" in documents) == (["a", "c"], 2, False)
    assert list(documents.values()) == [{"key": "a"}, {"key": "c"}]
    with pytest.raises(KeyError):
        documents["b"]
