"""Starts and stops the embedded shop of a run, and reads its ledger."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Self

from harness.errors import UsageError
from harness.run.workload import LedgerEntry
from shop.serving.process import ShopProcess, ShopStartError
from shop.settings import Fault, Settings
from users.population.accounts import AccountPool


class EmbeddedShop:
    """The embedded shop of one run."""

    def __init__(self, process: ShopProcess, settings: Settings) -> None:
        self._process = process
        self._settings = settings
        self.url: str = process.url

    @classmethod
    def start(cls, settings: Settings, accounts: AccountPool) -> Self:
        """Start the shop with these accounts, unless the settings name a file of accounts; raises ``UsageError``."""
        path: Path | None = None
        if settings.accounts_file is None:
            with tempfile.NamedTemporaryFile("w", suffix=".csv", prefix="checkload-accounts-", delete=False) as file:
                path = Path(file.name)
        try:
            if path is not None:
                accounts.write_csv(path)
                settings = settings.model_copy(update={"accounts_file": str(path)})
            return cls(ShopProcess.start(settings), settings)
        except ShopStartError as error:
            raise UsageError(f"the embedded shop does not start: {error}") from None
        finally:
            # The shop has read the file by now. It holds passwords, so it never stays behind.
            if path is not None:
                path.unlink(missing_ok=True)

    def alive(self) -> bool:
        """Whether the process of the shop still runs."""
        return self._process.alive()

    def ledger(self) -> LedgerEntry:
        """What the shop counted; raises ``OSError`` if it does not answer."""
        ledger = self._process.ledger()
        return LedgerEntry(
            pages=dict(ledger["pages"]),
            orders=dict(ledger["orders"]),
            revenue=sum(round(float(amount) * 100) for amount in ledger["revenue"].values()),
        )

    def change(self, *, sms_share: float, faults: tuple[Fault, ...]) -> None:
        """Change the running shop; raises ``OSError`` if it does not take the change."""
        sms = self._settings.sms.model_copy(update={"share": sms_share})
        settings = self._settings.model_copy(update={"sms": sms, "faults": faults})
        self._process.change(settings)
        self._settings = settings

    def stop(self) -> None:
        """End the process of the shop."""
        self._process.stop()
