"""A journey ends with a receipt or one named failure, even if the shop's answer has an odd value."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shop.contract import PAYMENT_OPTIONS, Page
from users.journeys.catalogue import JOURNEYS
from users.population.journey_spec import ExternalPages, ShopperPolicy, SmsScript

ODD = st.sampled_from(
    [None, "", "x", 0, -1, 2**60, 1.5, True, [], [[]], [{}], {}, {"pk": None}, "/a", "http://[", "NaN"]
)


def _places(document, way=()):
    if isinstance(document, dict):
        for key, inner in document.items():
            yield (*way, key)
            yield from _places(inner, (*way, key))
    elif isinstance(document, list):
        for place, inner in enumerate(document):
            yield (*way, place)
            yield from _places(inner, (*way, place))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=250)
@given(
    option=st.sampled_from(list(PAYMENT_OPTIONS)),
    journey=st.sampled_from(list(JOURNEYS)),
    sms=st.sampled_from(SmsScript),
    external=st.sampled_from(ExternalPages),
    three_d=st.booleans(),
    page=st.sampled_from(Page),
    place=st.integers(0, 200),
    odd=ODD,
)
def test_an_odd_value_anywhere_never_raises(walker, option, journey, sms, external, three_d, page, place, odd):
    def spoil(request, document):
        ways = list(_places(document)) if request.page is page else []
        if ways:
            *way, last = ways[place % len(ways)]
            inner = document
            for key in way:
                inner = inner[key]
            inner[last] = odd
        return document

    shop = walker.Shop(sms=True, spoil=spoil, lock_after=2)
    walked = walker(shop, option, journey, policy=ShopperPolicy(external=external), sms=sms, three_d=three_d)
    assert (walked.receipt is None) is (walked.failure is not None)
    assert len(shop.requests) < 80
