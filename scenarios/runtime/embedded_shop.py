"""The embedded shop, as the harness asks for it: a place to load, and what it says it did there."""

from __future__ import annotations

from harness.run.workload import LedgerEntry
from shop.serving.process import ShopProcess


class EmbeddedShop:
    """The embedded shop of one run."""

    def __init__(self, process: ShopProcess) -> None:
        self._process = process
        self.url: str = process.url

    def alive(self) -> bool:
        """Whether its process still runs."""
        return self._process.alive()

    def ledger(self) -> LedgerEntry:
        """What it says it did; raises ``OSError`` when it cannot say."""
        ledger = self._process.ledger()
        return LedgerEntry(
            pages=dict(ledger["pages"]),
            orders=dict(ledger["orders"]),
            revenue=sum(round(float(amount) * 100) for amount in ledger["revenue"].values()),
        )

    def stop(self) -> None:
        """End its process."""
        self._process.stop()
