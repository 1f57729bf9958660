"""Fixtures: a client that calls the shop as an ASGI application."""

from __future__ import annotations

import pytest
from asgi_client import Wire


@pytest.fixture
def wire(browse, clock):
    """A guest before the list of payment options, and a wire to the application."""

    def start(*, share=1.0, fault=None, pages=("PaymentOptionSelectionPage",), seconds=None, **settings):
        if fault:
            settings["faults"] = [{"name": fault, "share": share, "pages": list(pages), "seconds": seconds}]
        return Wire(browse(**settings).to_payment(), clock)

    return start
