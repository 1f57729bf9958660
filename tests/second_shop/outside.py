"""The shop's pages that lead to a bank, and the bank's pages, which send the browser back with fields of their own."""

from __future__ import annotations

from html import escape

from second_shop.exchange import CHECKOUT

BANK = "/sanal-pos/"
GARANTI = "/garanti-pay/"


def form(action: str, fields: dict[str, str]) -> str:
    """A page with a form that a script sends at once, as banks use it."""
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields.items()
    )
    return (
        "<!DOCTYPE html><html><body onload='document.forms[0].submit()'>"
        f'<form action="{escape(action)}" method="post">{inputs}<noscript><button>Devam</button></noscript></form></body></html>'
    )


def way_out(reference: str, back_on: str) -> str:
    """The shop's page on the way to the bank."""
    return form(BANK, {"oid": reference, "okUrl": f"{CHECKOUT}?page={back_on}", "storetype": "3d_pay"})


def bank(given: dict[str, str], then: str = "") -> str:
    """The bank's page: it asks nothing, decides by the reference, and leads back to the shop."""
    reference = given.get("oid", "")
    back_to = f"{CHECKOUT}?page={then}" if then else given.get("okUrl", CHECKOUT)
    return form(
        back_to, {"mdStatus": "0" if reference.endswith("d") else "1", "oid": reference, "procReturnCode": "00"}
    )
