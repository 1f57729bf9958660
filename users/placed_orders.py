"""Says which order a journey has placed, or may have placed, whether the journey bought or failed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from harness.measurement.outcomes import Blame, Outcome
from harness.results.orders_file import PlacedOrder
from harness.validity.ledger import UNANSWERED_OUTCOMES
from shop.contract import PAYMENT_OPTIONS, RETURN_PAGES, Page
from users.journeys.context import JourneyContext

_PLACES_ORDERS = (
    frozenset(option.completed_by for option in PAYMENT_OPTIONS.values())
    | RETURN_PAGES
    | {Page.VERIFY_SMS, Page.PAY_ON_DELIVERY, Page.LOYALTY_USAGE, Page.LOYALTY_SELECTED}
)
_CERTAINLY_REFUSED = frozenset(
    {Outcome.HTTP_3XX, Outcome.HTTP_4XX, Outcome.THROTTLED, Outcome.BUSINESS_ERROR, Outcome.SESSION_LOST}
)

_IN_DOUBT = frozenset(
    outcome
    for outcome in Outcome
    if outcome in UNANSWERED_OUTCOMES or (outcome.blame is Blame.SHOP and outcome not in _CERTAINLY_REFUSED)
)


def placed_order(context: JourneyContext, trail: Iterable[tuple[str, str]], now: float) -> PlacedOrder | None:
    """The order of a journey that is over; ``None`` if it placed none. ``now`` is the time of day.

    The number is empty if the shopper never saw it: the thank-you page came without it, or the post that places an order got no
    proper answer. ``trail`` lists the pages of the journey with their outcomes.
    """
    if (
        not context.order_number
        and context.last_response.page is not Page.THANK_YOU
        and not _may_have_bought(context, trail)
    ):
        return None
    account = context.account
    amount = context.total if context.payable is None else context.payable
    return PlacedOrder(
        number=context.order_number,
        payment_option=context.payment_option,
        amount="" if amount is None else f"{amount:f}",
        currency=context.currency,
        account=context.identity.email if account is None else account.public_name,
        time=datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _may_have_bought(context: JourneyContext, trail: Iterable[tuple[str, str]]) -> bool:
    recipe = context.policy.recipes.get(context.payment_option)
    places_orders = _PLACES_ORDERS if recipe is None else {recipe[-1].page, Page.VERIFY_SMS}
    return any(page in places_orders and outcome in _IN_DOUBT for page, outcome in trail)
