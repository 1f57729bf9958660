from __future__ import annotations

import random

import pytest

from shop.customers.session import CsrfTokens, SessionStore
from shop.settings import SessionSettings


@pytest.fixture
def store():
    return SessionStore(lambda: SessionSettings(most=3, age=60.0), random.Random(0))


def test_a_session_expires_after_a_time_without_use(store):
    session = store.open(0.0)
    assert store.find(session.id, 60.0) is session
    assert store.find(session.id, 120.0) is session
    assert store.find(session.id, 180.1) is None
    assert len(store) == 0


def test_the_least_recently_used_session_goes_first(store):
    first, second, third = (store.open(float(moment)) for moment in range(3))
    store.find(first.id, 3.0)
    fourth = store.open(4.0)
    assert len(store) == 3
    assert store.find(second.id, 5.0) is None
    assert all(store.find(session.id, 5.0) for session in (first, third, fourth))


def test_old_sessions_are_swept_out_when_a_new_one_is_opened(store):
    store.open(0.0)
    store.open(10.0)
    store.open(65.0)
    assert len(store) == 2
    assert store.forgotten == 1


def test_a_rotated_session_has_only_its_new_id(store):
    session = store.open(0.0)
    old = session.id
    store.rotate(session)
    assert store.find(old, 1.0) is None
    assert store.find(session.id, 1.0) is session
    assert len(store) == 1


def test_ids_and_tokens_are_never_the_same():
    store = SessionStore(lambda: SessionSettings(most=1000), random.Random(0))
    tokens = CsrfTokens(random.Random(0))
    assert len({store.open(0.0).id for _ in range(500)}) == 500
    assert len({tokens.issue() for _ in range(500)}) == 500


@pytest.mark.parametrize("spoil", [lambda t: t[:-1], lambda t: t + "0", lambda t: t[::-1], lambda t: "é" * 32])
def test_a_changed_token_is_not_accepted(spoil):
    tokens = CsrfTokens(random.Random(0))
    token = tokens.issue()
    assert tokens.accepts(token, token, strict=True)
    assert not tokens.accepts(spoil(token), spoil(token), strict=True)
    assert not tokens.accepts(token, spoil(token), strict=True)
