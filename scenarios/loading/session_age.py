"""Decides how long the embedded shop keeps a session that is not used."""

from __future__ import annotations

from shop.settings import Settings
from users.population.think import ThinkTimes

SHORT = 300.0
"""Seconds: the memory of the shop stops to grow five minutes after the load does."""


def session_age(settings: Settings, think: ThinkTimes, *, stays_signed_in: bool) -> float:
    """Seconds for which a session is kept: ``SHORT``, or twice the longest pause of a shopper if that is more.

    A virtual user that stays signed in may wait long for its next arrival. Then it is the shop's own default, at least.
    """
    least = max(SHORT, settings.sessions.age) if stays_signed_in else SHORT
    return max(least, 2 * think.longest, 2 * settings.sms.code_lifetime)
