"""Which fields a page's form must and may have, and the small checks that many pages share."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from shop.contract import FORMS, Page
from shop.http_messages import Errors

Form = Mapping[str, str]

_YES = frozenset({"1", "true"})
_NO = frozenset({"0", "false"})
REQUIRED = "This field is required."
UNKNOWN = "This field is not known here."


def check_fields(page: Page, form: Form, *, strict: bool) -> Errors:
    """What is wrong with the names in a page's form: missing ones and, where the shop is strict, unknown ones."""
    fields = FORMS[page]
    problems = {name: [REQUIRED] for name in fields.required if not form.get(name, "").strip()}
    return problems | (unknown_field_errors(form, (*fields.required, *fields.optional)) if strict else {})


def unknown_field_errors(given: Iterable[str], known: Container[str]) -> Errors:
    """An error for each field that is not known."""
    return {name: [UNKNOWN] for name in given if name not in known}


def is_yes(value: str) -> bool:
    """Whether a box is ticked."""
    return value in _YES


def is_yes_or_no(value: str) -> bool:
    """Whether a value says either."""
    return value in _YES or value in _NO


def agreement_errors(form: Form) -> Errors:
    """What is wrong with the agreement, if anything."""
    return {} if is_yes(form.get("agreement", "")) else {"agreement": ["The agreement must be accepted."]}
