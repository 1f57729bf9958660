"""Accounts to sign in with, each leased to one journey at a time."""

from __future__ import annotations

import csv
import io
import os
import random
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from harness.files import MAX_CSV_BYTES, UnreadableFile, read_text
from users.population.identity import DOMAIN, name_pools, phone_number_of, random_password

COLUMNS = ("email", "password", "first_name", "last_name", "phone", "saved_choices")
_PHONE_DIGITS = 11


class AccountsRejected(ValueError):
    """An accounts file that cannot be used; ``problems`` lists all its problems, with lines and remedies."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(slots=True, eq=False)
class Account:
    """A customer of the shop. ``saved_choices``: the shop remembers address and delivery, and opens on payment.

    ``last_code`` is the last code that the customer got by SMS, so that the next journey does not take it for a new one.
    """

    email: str
    password: str = field(repr=False)
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    saved_choices: bool = False
    last_code: str = field(default="", repr=False)
    file_line: int = 0
    """Its line in the accounts file; 0: it was generated."""

    @property
    def public_name(self) -> str:
        """Its name in results: the e-mail address of a generated customer, else the line of the accounts file."""
        return f"line {self.file_line} of the accounts file" if self.file_line else self.email


class AccountPool:
    """The accounts of this process: ``returning`` journeys take those with saved choices, ``first_time`` the others."""

    def __init__(self, accounts: Iterable[Account] = ()) -> None:
        self._accounts = tuple(accounts)
        self._free: Mapping[bool, deque[Account]] = {True: deque(), False: deque()}
        self._lent: set[int] = set()
        for account in self._accounts:
            self._free[account.saved_choices].append(account)

    @classmethod
    def read_csv(cls, path: Path) -> Self:
        """The accounts of a CSV file with these ``COLUMNS``; raises ``AccountsRejected`` with everything that is wrong."""
        return cls(_read(path))

    @classmethod
    def generate(cls, n_returning: int, n_first_time: int, seed: int) -> Self:
        """Invented accounts under a reserved domain; the same seed gives the same accounts."""
        rng = random.Random(f"accounts {seed}")
        pools = name_pools()
        return cls(
            Account(
                email=f"account.{seed & 0xFFFFFFFF:x}.{number}@{DOMAIN}",
                password=random_password(rng),
                first_name=rng.choice(pools.first),
                last_name=rng.choice(pools.last),
                phone=phone_number_of("06", seed, number),
                saved_choices=number < n_returning,
            )
            for number in range(n_returning + n_first_time)
        )

    @property
    def accounts(self) -> Sequence[Account]:
        """All accounts, leased or free."""
        return self._accounts

    def __len__(self) -> int:
        return len(self._accounts)

    def free(self, journey: str) -> int:
        """How many free accounts this kind of journey has."""
        return len(self._free[_wants_saved_choices(journey)])

    def lease(self, journey: str) -> Account | None:
        """Lease the free account that has been free the longest; ``None`` if all of its kind are leased."""
        waiting = self._free[_wants_saved_choices(journey)]
        if not waiting:
            return None
        account = waiting.popleft()
        self._lent.add(id(account))
        return account

    def release(self, account: Account) -> None:
        """Return a leased account to the pool; raises ``ValueError`` for an account that is not leased."""
        if id(account) not in self._lent:
            raise ValueError(f"{account.email} is not leased from this pool; release an account only once")
        self._lent.remove(id(account))
        self._free[account.saved_choices].append(account)

    def partition(self, worker: int, workers: int) -> AccountPool:
        """One worker's part: copies of every ``workers``-th account of each kind, so that no two workers share one."""
        if not 0 <= worker < workers:
            raise ValueError(f"worker {worker} of {workers}: workers are numbered from 0 to workers - 1")
        kept = [
            replace(account)
            for kind in (True, False)
            for number, account in enumerate(one for one in self._accounts if one.saved_choices is kind)
            if number % workers == worker
        ]
        return AccountPool(kept)

    def write_csv(self, path: Path) -> None:
        """Write the accounts to a file that no other user of the machine can read."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", newline="", encoding="utf-8") as file:
            path.chmod(0o600)  # otherwise an existing file keeps its mode
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for one in self._accounts:
                saved = "1" if one.saved_choices else "0"
                writer.writerow((one.email, one.password, one.first_name, one.last_name, one.phone, saved))


def _wants_saved_choices(journey: str) -> bool:
    return journey == "returning"


def _read(path: Path) -> list[Account]:
    try:
        reader = csv.reader(io.StringIO(read_text(path, MAX_CSV_BYTES), newline=""))
        rows = [(reader.line_num, row) for row in reader]
    except UnreadableFile as error:
        raise AccountsRejected([f"accounts {path}: {error}; name a CSV file in UTF-8 that can be read"]) from None
    except csv.Error:
        raise AccountsRejected([f"accounts {path}: not a CSV file; save it as CSV in UTF-8"]) from None
    expected = ",".join(COLUMNS)
    # Without a header, the first line holds a password, so the message does not quote it.
    if not rows or tuple(cell.strip() for cell in rows[0][1]) != COLUMNS:
        raise AccountsRejected([f"accounts {path}, line 1: not the expected header; make it {expected}"])
    problems: list[str] = []
    accounts: list[Account] = []
    lines: dict[str, int] = {}
    for line, row in rows[1:]:
        if not any(cell.strip() for cell in row):
            continue
        found = list(_problems(row, lines))
        problems += [f"accounts {path}, line {line}: {problem}" for problem in found]
        if not found:
            email, secret, first_name, last_name, phone, saved = row
            accounts.append(
                Account(
                    email.strip(), secret, first_name, last_name, phone.strip(), saved.strip() == "1", file_line=line
                )
            )
        if row[0].strip():
            lines.setdefault(row[0].strip().lower(), line)
    if problems:
        raise AccountsRejected(problems)
    return accounts


def _problems(row: Sequence[str], lines: Mapping[str, int]) -> Iterable[str]:
    # Columns may be swapped or shifted, so any cell may be a password: no message quotes one.
    if len(row) != len(COLUMNS):
        yield f"{len(row)} columns; write {len(COLUMNS)}: {','.join(COLUMNS)}"
        return
    email, secret, _, _, phone, saved = (cell.strip() for cell in row)
    if "@" not in email:
        yield "email is not an e-mail address; write one such as ada@shop.example"
    elif earlier := lines.get(email.lower()):
        yield f"email is already on line {earlier}; list each account once"
    if not secret:
        yield "password is empty; write the account's password"
    if phone and not (phone.isascii() and phone.isdigit() and len(phone) == _PHONE_DIGITS):
        yield f"phone is not a phone number; write {_PHONE_DIGITS} digits, or leave it empty"
    if saved not in ("0", "1"):
        yield "saved_choices is neither 1 nor 0; write 1 (choices saved) or 0 (none)"
