"""Every noun of the checkout API and not one verb: pages, payment options, fields, outcomes.

Shop and shoppers both read this table and nothing else of each other. Each fact carries the place it
was learned from: ``SPEC`` (the API description), ``CLIENT`` (the public storefront client), ``DOC``
(the platform's public documentation) or ``GUESS`` (nothing public confirms it; chosen by analogy).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Source(StrEnum):
    """Where a fact about the API was learned."""

    SPEC = "spec"
    CLIENT = "client"
    DOC = "doc"
    GUESS = "guess"


class Page(StrEnum):
    """The name under which a page is asked for, measured and reported.

    The members above the line are pages of ``/orders/checkout/?page=...``; those below it are the
    exchanges around the checkout, which have a path of their own.
    """

    INDEX = "IndexPage"
    ADDRESS_SELECTION = "AddressSelectionPage"
    DELIVERY_OPTION = "DeliveryOptionSelectionPage"
    RETAIL_STORE = "RetailStoreSelectionPage"
    SHIPPING_OPTION = "ShippingOptionSelectionPage"
    PAYMENT_OPTION = "PaymentOptionSelectionPage"
    BIN_NUMBER = "BinNumberPage"
    INSTALLMENT = "InstallmentSelectionPage"
    CARD_CONFIRMATION = "CreditCardConfirmationPage"
    THREE_D_SECURE = "CreditCardThreeDSecurePage"
    FUNDS_TRANSFER_CHOICE = "FundsTransferChoicePage"
    FUNDS_TRANSFER = "FundsTransferPage"
    DELIVERY_PAYMENT_CHOICE = "PayOnDeliveryPaymentChoicePage"
    PAY_ON_DELIVERY = "PayOnDeliveryPage"
    BEX_SELECTION = "BexSelectionPage"
    BEX_COMPLETE = "BexCompletePage"
    LOYALTY_MONEY = "LoyaltyMoneyPage"
    LOYALTY_USAGE = "LoyaltyMoneyUsagePage"
    LOYALTY_SELECTED = "LoyaltyPaymentSelectedPage"
    CASH_REGISTER = "CashRegisterPage"
    PAY_SELECTION = "PaySelectionPage"
    GPAY_COMPLETE = "GPayCompletePage"
    REDIRECTION_SELECTED = "RedirectionPaymentSelectedPage"
    REDIRECTION_COMPLETE = "RedirectionPageCompletePage"
    MOBIL_EXPRESS_SELECTION = "MobilExpressSelectionPage"
    MASTERPASS_BIN_NUMBER = "MasterpassBinNumberPage"
    MASTERPASS_INSTALLMENT = "MasterpassInstallmentPage"
    MASTERPASS_ORDER_NO = "MasterpassOrderNoPage"
    MASTERPASS_COMPLETE = "MasterpassCompletePage"
    CREDIT_PAYMENT_SELECTION = "CreditPaymentSelectionPage"
    CREDIT_PAYMENT_CONFIRMATION = "CreditPaymentConfirmationPage"
    SAVED_CARD_SELECTION = "SavedCardSelectionPage"
    PAY_LATER_COMPLETE = "PayLaterCompletePage"
    CONFIRMATION_CHECK = "ConfirmationPaymentAgreementCheckPage"
    CONFIRMATION_SELECTED = "ConfirmationPaymentSelectedPage"
    CONFIRMATION_QUERY = "ConfirmationPaymentQueryPage"
    CONFIRMATION_COMPLETE = "ConfirmationPaymentCompletePage"
    VERIFY_SMS = "VerifySmsPage"
    SEND_SMS = "SendSmsPage"
    ORDER_NOTE = "OrderNotePage"
    COUPON = "CouponSelectionPage"
    THANK_YOU = "ThankYouPage"
    # -- exchanges with a path of their own -------------------------------------------------------
    CSRF_TOKEN = "CsrfToken"
    LOGIN = "Login"
    LOGOUT = "Logout"
    CURRENT_USER = "CurrentUser"
    PROFILE = "Profile"
    SEARCH = "Search"
    PRODUCT = "Product"
    PRODUCT_INSTALLMENTS = "ProductInstallments"
    BASKET_ADD = "BasketAdd"
    BASKET = "Basket"
    BASKET_CHANGE = "BasketChange"
    BASKET_VOUCHER = "BasketVoucher"
    BASKET_CLEAR = "BasketClear"
    ADDRESS_ADD = "AddressAdd"
    ADDRESS_LIST = "AddressList"
    ADDRESS_CHANGE = "AddressChange"
    ADDRESS_REMOVE = "AddressRemove"
    COUNTRIES = "Countries"
    CITIES = "Cities"
    TOWNSHIPS = "Townships"
    DISTRICTS = "Districts"
    RETAIL_STORES = "RetailStores"
    CONTRACT = "Contract"
    CHECKOUT_BY_TOKEN = "CheckoutByToken"
    CHECKOUT_STATUS = "CheckoutStatus"
    CHECKOUT = "Checkout"
    THREE_D_REDIRECT = "ThreeDRedirect"
    REDIRECTION = "Redirection"
    BANK = "Bank"
    COMPLETED_ORDER = "CompletedOrder"
    SMS_INBOX = "SmsInbox"


CHECKOUT_PATH = "/orders/checkout/"
"""``GET|POST /orders/checkout/?page=<PageName>``; without ``page``, the page the shopper stands on."""

PATHS: Mapping[Page, str] = MappingProxyType(
    {
        Page.CSRF_TOKEN: "/csrf_token/",
        Page.LOGIN: "/users/login/",
        Page.LOGOUT: "/users/logout",
        Page.CURRENT_USER: "/current_user/",
        Page.PROFILE: "/users/profile/",
        Page.SEARCH: "/list/",
        Page.PRODUCT: "/product/{pk}/",
        Page.PRODUCT_INSTALLMENTS: "/payments/cards/product/{pk}/",
        Page.BASKET_ADD: "/baskets/basket/",
        Page.BASKET: "/baskets/basket/",
        Page.BASKET_CHANGE: "/baskets/basket/",
        Page.BASKET_VOUCHER: "/baskets/basket/",
        Page.BASKET_CLEAR: "/baskets/basket/",
        Page.ADDRESS_ADD: "/address/",
        Page.ADDRESS_LIST: "/address/detailed/",
        Page.ADDRESS_CHANGE: "/address/{pk}/",
        Page.ADDRESS_REMOVE: "/address/{pk}/",
        Page.COUNTRIES: "/address/country/",
        Page.CITIES: "/address/city/",  # ?country=
        Page.TOWNSHIPS: "/address/township/",  # ?city=
        Page.DISTRICTS: "/address/district/",  # ?township=
        Page.RETAIL_STORES: "/stores/",
        Page.CONTRACT: "/orders/contract/",  # ?contract_name=
        Page.CHECKOUT_BY_TOKEN: "/checkout-with-token/{token}/",
        Page.CHECKOUT_STATUS: "/checkout-with-token/{token}/status/",
        Page.CHECKOUT: CHECKOUT_PATH,
        Page.THREE_D_REDIRECT: "/orders/redirect-three-d/",
        Page.REDIRECTION: "/orders/redirection/",
        Page.COMPLETED_ORDER: "/orders/completed/{token}/",
        # The embedded shop's stand-ins for what lies outside a real shop.
        Page.BANK: "/_bank/",
        Page.SMS_INBOX: "/_sms/{phone}/",
    }
)

CHECKOUT_PAGES: frozenset[Page] = frozenset(page for page in Page if page not in PATHS)

COOKIE_SESSION = "osessionid"
COOKIE_SESSION_TWIN = "sessionid"  # the storefront client sends the same value under this name too
COOKIE_CSRF = "csrftoken"
HEADER_CSRF = "x-csrftoken"
HEADER_AJAX = "x-requested-with"
AJAX = "XMLHttpRequest"
TEMPLATE_CHECKOUT = "orders/checkout.html"
TEMPLATE_SIGNED_OUT = "orders/index.html"


class Flow(StrEnum):
    """How a payment option is walked; one strategy in ``users/payments.py``, one handler in ``shop/payments.py``."""

    CARD = "card"
    FUNDS_TRANSFER = "funds_transfer"
    PAY_ON_DELIVERY = "pay_on_delivery"
    WALLET = "wallet"
    LOYALTY = "loyalty"
    AGREEMENT = "agreement"
    BANK_PAGE = "bank_page"
    REDIRECTION = "redirection"
    STORED_CARD = "stored_card"
    MASTERPASS = "masterpass"
    CREDIT = "credit"
    SAVED_CARD = "saved_card"
    CONFIRMATION = "confirmation"


@dataclass(frozen=True, slots=True)
class PaymentOption:
    """One row of the table of payment options.

    ``slug`` is what a scenario, a label and the API call it; ``first_page`` the page that the reply to its
    selection shows; ``completed_by`` the page whose post completes the order.
    """

    pk: int
    slug: str
    label: str
    flow: Flow
    first_page: Page
    completed_by: Page
    completion_known_from: Source


def _options(*rows: PaymentOption) -> Mapping[str, PaymentOption]:
    return MappingProxyType({row.slug: row for row in rows})


PAYMENT_OPTIONS: Mapping[str, PaymentOption] = _options(
    PaymentOption(1, "credit_card", "Credit Card", Flow.CARD, Page.BIN_NUMBER, Page.CARD_CONFIRMATION, Source.CLIENT),
    PaymentOption(
        2,
        "funds_transfer",
        "Funds Transfer",
        Flow.FUNDS_TRANSFER,
        Page.FUNDS_TRANSFER_CHOICE,
        Page.FUNDS_TRANSFER,
        Source.CLIENT,
    ),
    PaymentOption(
        3,
        "pay_on_delivery",
        "Pay On Delivery",
        Flow.PAY_ON_DELIVERY,
        Page.DELIVERY_PAYMENT_CHOICE,
        Page.DELIVERY_PAYMENT_CHOICE,
        Source.SPEC,
    ),
    PaymentOption(4, "bkm_express", "BKM Express", Flow.WALLET, Page.BEX_SELECTION, Page.BEX_COMPLETE, Source.GUESS),
    PaymentOption(5, "loyalty_money", "Store Credit", Flow.LOYALTY, Page.LOYALTY_MONEY, Page.LOYALTY_MONEY, Source.DOC),
    PaymentOption(
        6, "cash_register", "Cash Register", Flow.AGREEMENT, Page.CASH_REGISTER, Page.CASH_REGISTER, Source.GUESS
    ),
    PaymentOption(7, "gpay", "Garanti Pay", Flow.BANK_PAGE, Page.PAY_SELECTION, Page.GPAY_COMPLETE, Source.CLIENT),
    PaymentOption(
        8,
        "redirection",
        "Redirect to Bank",
        Flow.REDIRECTION,
        Page.REDIRECTION_SELECTED,
        Page.REDIRECTION_COMPLETE,
        Source.CLIENT,
    ),
    PaymentOption(
        9,
        "stored_card",
        "Stored Card",
        Flow.STORED_CARD,
        Page.MOBIL_EXPRESS_SELECTION,
        Page.MOBIL_EXPRESS_SELECTION,
        Source.GUESS,
    ),
    PaymentOption(
        10,
        "masterpass",
        "Masterpass",
        Flow.MASTERPASS,
        Page.MASTERPASS_BIN_NUMBER,
        Page.MASTERPASS_COMPLETE,
        Source.CLIENT,
    ),
    PaymentOption(
        11,
        "credit_payment",
        "Credit Payment",
        Flow.CREDIT,
        Page.CREDIT_PAYMENT_SELECTION,
        Page.CREDIT_PAYMENT_CONFIRMATION,
        Source.CLIENT,
    ),
    PaymentOption(
        12,
        "saved_card",
        "Saved Card",
        Flow.SAVED_CARD,
        Page.SAVED_CARD_SELECTION,
        Page.CARD_CONFIRMATION,
        Source.GUESS,
    ),
    PaymentOption(
        13, "pay_later", "Pay Later", Flow.AGREEMENT, Page.PAY_LATER_COMPLETE, Page.PAY_LATER_COMPLETE, Source.GUESS
    ),
    PaymentOption(
        14,
        "confirmation",
        "Confirmation From User",
        Flow.CONFIRMATION,
        Page.CONFIRMATION_CHECK,
        Page.CONFIRMATION_COMPLETE,
        Source.CLIENT,
    ),
)
"""The fourteen options by slug, in the order of the API description."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What the form of a page holds: the names it must have, those it may have, and who says so."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    known_from: Source = Source.CLIENT


_AGREEMENT = ("agreement",)
# What a bank's or provider's page sends back through the shopper's browser. Providers differ; the stand-in
# sends the reference it was given and a status, "success" or "failure".
_RETURN = Fields(("reference", "status"), (), Source.GUESS)

FORMS: Mapping[Page, Fields] = MappingProxyType(
    {
        Page.INDEX: Fields(("user_email", "phone_number")),
        Page.ADDRESS_SELECTION: Fields(("shipping_address", "billing_address")),
        Page.DELIVERY_OPTION: Fields(("delivery_option",)),
        Page.RETAIL_STORE: Fields(("retail_store", "billing_address")),
        Page.SHIPPING_OPTION: Fields(("shipping_option",)),
        Page.PAYMENT_OPTION: Fields(("payment_option",), (), Source.SPEC),
        Page.BIN_NUMBER: Fields(("bin_number",)),
        Page.INSTALLMENT: Fields(("installment",)),
        Page.CARD_CONFIRMATION: Fields(
            ("agreement", "use_three_d"),
            # A saved card brings its own number; only its security code is asked for (guess).
            ("card_holder", "card_number", "card_month", "card_year", "card_cvv"),
        ),
        Page.THREE_D_SECURE: _RETURN,
        Page.FUNDS_TRANSFER_CHOICE: Fields(("bank_account",)),
        Page.FUNDS_TRANSFER: Fields(_AGREEMENT),
        Page.DELIVERY_PAYMENT_CHOICE: Fields(("payment_choice",), (), Source.SPEC),
        Page.PAY_ON_DELIVERY: Fields(("agreement", "paymentType")),
        Page.BEX_SELECTION: Fields(_AGREEMENT, (), Source.GUESS),
        Page.BEX_COMPLETE: _RETURN,
        Page.LOYALTY_MONEY: Fields(_AGREEMENT, (), Source.DOC),
        Page.LOYALTY_USAGE: Fields(("loyalty_amount_to_use",)),
        Page.LOYALTY_SELECTED: Fields(_AGREEMENT),
        Page.CASH_REGISTER: Fields(_AGREEMENT, (), Source.GUESS),
        Page.PAY_SELECTION: Fields(_AGREEMENT, (), Source.GUESS),
        Page.GPAY_COMPLETE: _RETURN,
        Page.REDIRECTION_SELECTED: Fields(_AGREEMENT),
        Page.REDIRECTION_COMPLETE: _RETURN,
        Page.MOBIL_EXPRESS_SELECTION: Fields(("stored_card", "security_code"), (), Source.GUESS),
        Page.MASTERPASS_BIN_NUMBER: Fields(("bin_number",)),
        Page.MASTERPASS_INSTALLMENT: Fields(("installment",)),
        Page.MASTERPASS_ORDER_NO: Fields(()),
        Page.MASTERPASS_COMPLETE: Fields(("token",)),
        Page.CREDIT_PAYMENT_SELECTION: Fields(("credit_payment_option",)),
        Page.CREDIT_PAYMENT_CONFIRMATION: Fields(_AGREEMENT),
        Page.SAVED_CARD_SELECTION: Fields(("saved_card",), (), Source.GUESS),
        Page.PAY_LATER_COMPLETE: Fields(_AGREEMENT, (), Source.GUESS),
        Page.CONFIRMATION_CHECK: Fields(_AGREEMENT, (), Source.GUESS),
        Page.CONFIRMATION_SELECTED: Fields(("agreement", "validationURL")),
        Page.CONFIRMATION_QUERY: Fields(("agreement", "payment_token")),
        Page.CONFIRMATION_COMPLETE: Fields(_AGREEMENT),
        Page.VERIFY_SMS: Fields(("verify_code",), (), Source.SPEC),
        Page.SEND_SMS: Fields((), (), Source.DOC),
        Page.ORDER_NOTE: Fields((), ("notes",)),
        Page.COUPON: Fields(("coupon", "action")),
    }
)
"""The form of every page that is posted to. A page that is missing here is only ever read."""

GUESSES: Mapping[Page, str] = MappingProxyType(
    {
        Page.LOGOUT: "Without a token that is wanted, the reply is 403 with a form that holds one.",
        Page.PROFILE: "PUT and PATCH answer the profile as GET does.",
        Page.SEARCH: "`search_text` finds names that contain it; the reply has `products` and `pagination`.",
        Page.BASKET_ADD: "The reply holds the basket as GET does.",
        Page.BASKET_CHANGE: "A quantity of 0 takes the product out.",
        Page.BASKET_VOUCHER: "Any code is written down, and none is worth anything.",
        Page.ADDRESS_ADD: "Country, city and township are wanted, the district is not.",
        Page.RETAIL_STORES: "`/stores/` lists the stores of the checkout with their addresses.",
        Page.CONTRACT: "A contract is HTML about the order so far.",
        Page.CHECKOUT_BY_TOKEN: "The address leads on to the checkout of the session that asks.",
        Page.CHECKOUT_STATUS: "The reply has `status` (waiting, completed) and `order_number`.",
        Page.CHECKOUT: "An empty basket has no `pre_order`, as the storefront's client would fill it over and over.",
        Page.RETAIL_STORE: "Until a store is chosen, `shipping_options` and `payment_options` are empty lists.",
        Page.ORDER_NOTE: "The reply shows the page that the shopper stands on; `pre_order` has `notes`.",
        Page.COUPON: "`coupons` is empty, and each coupon is refused.",
        Page.LOYALTY_USAGE: "When all is paid by store credit, LoyaltyPaymentSelectedPage is next.",
        Page.MOBIL_EXPRESS_SELECTION: "stored_card leads here, by elimination; the page has `stored_cards`.",
        Page.SAVED_CARD_SELECTION: "The page has `saved_cards`, and InstallmentSelectionPage follows.",
        Page.CONFIRMATION_SELECTED: "After the check page it has `validation_url`; any other http(s) address does as well.",
        Page.CONFIRMATION_QUERY: "The page has `payment_token`; any other text does as well.",
        Page.VERIFY_SMS: "A wrong, late or too often tried code is an error on this page.",
        Page.THANK_YOU: "Another page that completes the same option is answered with the order that is there.",
        Page.BANK: "A browser that comes back without `x-requested-with` is sent on with 303.",
    }
)
"""How the embedded shop answers where nothing public says it; what is guessed of forms and options is said there."""

RETURN_PAGES: frozenset[Page] = frozenset(
    {
        Page.THREE_D_SECURE,
        Page.BEX_COMPLETE,
        Page.GPAY_COMPLETE,
        Page.REDIRECTION_COMPLETE,
        Page.MASTERPASS_COMPLETE,
    }
)
"""Posts that come back from a bank, wallet or provider: they carry no CSRF token."""


class Blame(StrEnum):
    """Whose doing an outcome is: nobody's, the shopper's luck, the shop's fault, or the harness's own."""

    NOBODY = "nobody"
    SHOPPER = "shopper"
    SHOP = "shop"
    HARNESS = "harness"


class Outcome(StrEnum):
    """How a page or a journey ended; a closed set, and the only words that reports and metrics use for it."""

    OK = "ok"
    # The shopper's luck: the shop kept its promise, and the shopper did not get what she wanted.
    DECLINED = "declined"
    UNAVAILABLE = "unavailable"
    WRONG_CODE = "wrong_code"
    CODE_EXPIRED = "code_expired"
    CODE_LOCKED = "code_locked"
    ABANDONED = "abandoned"
    HANDED_OVER = "handed_over"
    # The shop's fault.
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    HTTP_3XX = "http_3xx"
    HTTP_4XX = "http_4xx"
    HTTP_5XX = "http_5xx"
    THROTTLED = "throttled"
    TOO_LARGE = "too_large"
    ENCODING = "encoding"  # compressed, it says, and is not, or in a way that was not offered
    CONTENT_TYPE = "content_type"  # JSON, served as something else; only where the scenario calls it a failure
    NOT_JSON = "not_json"
    ENVELOPE = "envelope"
    UNEXPECTED_PAGE = "unexpected_page"
    BUSINESS_ERROR = "business_error"
    SESSION_LOST = "session_lost"
    BASKET_LOST = "basket_lost"
    NOT_ECHOED = "not_echoed"
    AMOUNT_MISMATCH = "amount_mismatch"
    DOUBLE_ORDER = "double_order"
    SMS_LOST = "sms_lost"
    SIGN_IN_REFUSED = "sign_in_refused"
    CAPTCHA_WANTED = "captcha_wanted"
    CODE_WANTED = "code_wanted"  # a one-time code, before anybody is signed in
    WAITING_ROOM = "waiting_room"
    DROPPED = "dropped"  # an arrival that found no free user in time: never answered
    UNFINISHED = "unfinished"  # still without a reply when the time to finish was over
    # The harness's own doing.
    ABORTED = "aborted"
    NO_ACCOUNT = "no_account"
    NO_SOCKET = "no_socket"  # this machine had no file, port or memory left for a connection
    HOST_REFUSED = "host_refused"
    NO_PRODUCT = "no_product"  # all that the scenario sells is sold out, or the search found nothing
    NOT_OFFERED = "not_offered"  # the scenario wants an option that the shop does not have, or guests it does not serve
    BUG = "bug"

    @property
    def blame(self) -> Blame:
        """Whose doing this outcome is."""
        return _BLAME.get(self, Blame.SHOP)


_BLAME: Mapping[Outcome, Blame] = {
    Outcome.OK: Blame.NOBODY,
    Outcome.DECLINED: Blame.SHOPPER,
    Outcome.UNAVAILABLE: Blame.SHOPPER,
    Outcome.WRONG_CODE: Blame.SHOPPER,
    Outcome.CODE_EXPIRED: Blame.SHOPPER,
    Outcome.CODE_LOCKED: Blame.SHOPPER,
    Outcome.ABANDONED: Blame.SHOPPER,
    Outcome.HANDED_OVER: Blame.SHOPPER,
    Outcome.ABORTED: Blame.HARNESS,
    Outcome.NO_ACCOUNT: Blame.HARNESS,
    Outcome.NO_SOCKET: Blame.HARNESS,
    Outcome.HOST_REFUSED: Blame.HARNESS,
    Outcome.NO_PRODUCT: Blame.HARNESS,
    Outcome.NOT_OFFERED: Blame.HARNESS,
    Outcome.BUG: Blame.HARNESS,
}

APPROVED_CARD = "4111111111111111"
"""A card number published for testing; every provider's sandbox knows it, and the shop's bank approves it."""

DECLINED_CARD = "4000000000000002"
"""A card number published for testing refusals; the shop's bank declines it."""
