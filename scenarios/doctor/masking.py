"""Makes an exchange fit to show: only values that are known to be harmless stay, everything else becomes ``…``.

It lists what may be shown, not what must be hidden, because each shop has personal fields that no list knows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from users.journeys.diagnosis import without_private_data

MASK = "…"

_SHOWN_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "connection",
        "content-encoding",
        "content-language",
    }
    | {"content-length", "content-type", "date", "retry-after", "server", "transfer-encoding", "user-agent", "vary"}
    | {"via", "x-currency", "x-requested-with"}
)
_SHOWN_FIELDS = frozenset(
    {"agreement", "attributes", "bank_account", "city", "contract_name", "country", "credit_payment_option"}
    | {"currency", "delivery_option", "district", "errors", "format", "formType", "has_gift_box", "in_stock"}
    | {"installment", "is_active", "is_corporate", "is_guest", "is_redirected", "is_user_logged_in", "locale"}
    | {"can_guest_purchase", "context_list", "non_field_errors", "detail", "message", "count"}
    | {"loyalty_amount_to_use", "page", "page_name", "page_slug", "payment_choice", "payment_choices", "payment_option"}
    | {"payment_options", "payment_type", "payment_type_label", "paymentType", "pk", "price", "product", "products"}
    | {"quantity", "results", "retail_store", "seconds_left", "shipping_amount", "shipping_option", "shipping_options"}
    | {"slug", "stock", "template_name", "total_amount", "total_quantity", "township", "type", "unavailable_options"}
    | {"unpaid_amount", "use_three_d", "value", "verification", "delivery_options", "installments", "label", "retry"}
)
_LONGEST_SHOWN = 160
_MOST_ROWS = 20
_DEEPEST = 8
_PLAIN_SEGMENT = re.compile(r"[A-Za-z][A-Za-z_.-]{0,40}|\d{1,12}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,40}")
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,4})?")
_BEFORE_TOKEN = frozenset({"completed", "checkout-with-token", "_sms"})


def shown_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers in lower case: all names, and the values that cannot hold a secret. Of cookies, only the names."""
    return {name.lower(): _shown_header(name.lower(), value) for name, value in headers.items()}


def _shown_header(name: str, value: str) -> str:
    if name == "cookie":
        return "; ".join(f"{cookie.partition('=')[0].strip()}={MASK}" for cookie in value.split(";"))
    if name == "set-cookie":
        return "; ".join(f"{line.partition('=')[0].strip()}={MASK}" for line in value.splitlines())
    if name == "location":
        return shown_path(value)
    return shown_text(value) if name in _SHOWN_HEADERS else MASK


def shown_path(path: str) -> str:
    """A path or a URL: known query values and plain words stay; tokens, names and e-mail addresses do not."""
    try:
        parts = urlsplit(path)
    except ValueError:
        return MASK
    segments, token = [], False
    for segment in parts.path.split("/"):
        segments.append(segment if not segment or (not token and _PLAIN_SEGMENT.fullmatch(segment)) else MASK)
        token = segment in _BEFORE_TOKEN
    pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=100) if parts.query.count("&") < 100 else ()  # noqa: PLR2004
    query = "&".join(f"{_shown_name(name)}={_shown_value(name, value)}" for name, value in pairs)
    host = f"{parts.scheme}://{parts.hostname or ''}" if parts.netloc else ""
    return f"{host}{'/'.join(segments)}{'?' if query else ''}{query}"


def shown_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, or a JSON object that came: all names, and the values of keys that hold no personal data."""
    return {_shown_name(name): _shown_value(name, value) for name, value in fields.items()}


def shown_text(text: str) -> str:
    """A text of the shop, such as an error: one line, short, without addresses, tokens and long numbers."""
    return without_private_data(text, _LONGEST_SHOWN)


def _shown_name(name: str) -> str:
    return name if _NAME.fullmatch(name) else MASK


def _shown_value(name: str, value: Any, depth: int = 0) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if depth > _DEEPEST:
        return MASK
    if isinstance(value, dict):
        # The names of fields in errors are the shop's own; what is in them is its words about them.
        of_errors = name == "errors"
        return {
            _shown_name(key): _shown_value(name if of_errors else key, one, depth + 1) for key, one in value.items()
        }
    if isinstance(value, list):
        return [_shown_value(name, one, depth + 1) for one in value[:_MOST_ROWS]]
    if name not in _SHOWN_FIELDS:
        return MASK
    return shown_text(value) if isinstance(value, str) and not _NUMBER.fullmatch(value) else value
