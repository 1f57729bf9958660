"""The names of the checkout API: pages, paths, cookies, headers and payment options.

The shop and the shoppers share this table and nothing else. Each fact has a source: ``SPEC`` (the API description),
``CLIENT`` (the public storefront client), ``DOC`` (the platform's public documentation) or ``GUESS`` (nothing public
confirms it; it is chosen by analogy).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Source(StrEnum):
    """The source of a fact about the API."""

    SPEC = "spec"
    CLIENT = "client"
    DOC = "doc"
    GUESS = "guess"


class Page(StrEnum):
    """The name of a page in requests, metrics and reports.

    The first part are pages of ``/orders/checkout/?page=...``. The second part are the endpoints around the checkout; each
    has its own path.
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
    # -- endpoints with their own path ------------------------------------------------------------
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
"""``GET|POST /orders/checkout/?page=<PageName>``; without ``page``, it is the current page of the shopper."""

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
        # Stand-ins of the embedded shop for services outside a real shop.
        Page.BANK: "/_bank/",
        Page.SMS_INBOX: "/_sms/{phone}/",
    }
)

OUTSIDE_PAGES: frozenset[Page] = frozenset({Page.BANK, Page.SMS_INBOX})
"""Pages that stand in for services outside the shop. No worker of the shop serves them."""

CHECKOUT_PAGES: frozenset[Page] = frozenset(page for page in Page if page not in PATHS)

COOKIE_SESSION = "osessionid"
COOKIE_SESSION_TWIN = "sessionid"  # the storefront client also sends the value under this name
COOKIE_CSRF = "csrftoken"
HEADER_CSRF = "x-csrftoken"
HEADER_AJAX = "x-requested-with"
AJAX = "XMLHttpRequest"
TEMPLATE_CHECKOUT = "orders/checkout.html"
TEMPLATE_SIGNED_OUT = "orders/index.html"


class Flow(StrEnum):
    """The steps of a payment option; each flow has one strategy in ``users/journeys/payments.py``, one handler in ``shop/checkout/payments.py``."""

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

    ``slug`` is its name in scenarios, labels and the API. ``first_page`` is the page after its selection. A post of
    ``completed_by`` completes the order.
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
        12, "saved_card", "Saved Card", Flow.SAVED_CARD, Page.SAVED_CARD_SELECTION, Page.CARD_CONFIRMATION, Source.GUESS
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
"""The fourteen payment options by slug, in the order of the API description."""


RETURN_PAGES: frozenset[Page] = frozenset(
    {Page.THREE_D_SECURE, Page.BEX_COMPLETE, Page.GPAY_COMPLETE, Page.REDIRECTION_COMPLETE, Page.MASTERPASS_COMPLETE}
)
"""Pages that a bank, wallet or provider sends the shopper back to. Their posts have no CSRF token."""


APPROVED_CARD = "4111111111111111"
"""A public test card number. The shop's bank approves it, as do the sandboxes of payment providers."""

DECLINED_CARD = "4000000000000002"
"""A public test card number that the shop's bank declines."""
