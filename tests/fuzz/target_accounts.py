"""CSV files of accounts and of recorded arrivals are read, or refused with a message that shows none of their cells."""

from __future__ import annotations

import csv
import io
import tempfile
from contextlib import contextmanager
from pathlib import Path

from scenarios.loading.arrival_trace import TraceError, load_trace
from users.population.accounts import COLUMNS, AccountPool, AccountsRejected

SECRET = "hunter2"
CELLS = (SECRET, f"{SECRET}@shop.example", "ada@shop.example", "", " ", "1", "0", "yes", "05551112233", "x" * 200_000, "\x00", '"', "a\nb", "\ufeff", "\u0663",
         "=1+1", "9" * 5_000, "a,b")  # fmt: skip
TIMES = (
    "0",
    "1",
    "1.5",
    "1e300",
    "1e18",
    "-1",
    "nan",
    "inf",
    "2026-11-25T09:00:47Z",
    "9998-12-31T23:59:59Z",
    "25/Nov/2026:09:00:47 +0000",
    SECRET,
    "",
)
JOURNEYS = ("guest", "returning", "", SECRET)
OPTIONS = ("gpay", "credit_card", "", SECRET)
ENDS = ("\n", "\r\n", "\r", "\n\n")


def written(random, rows):
    text = io.StringIO(newline="")
    csv.writer(
        text, lineterminator=random.choice(ENDS), quoting=random.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    ).writerows(rows)
    content = text.getvalue().encode("utf-8", "replace")
    match random.randrange(8):
        case 0:
            content = content[: random.randrange(len(content) + 1)]
        case 1:
            at = random.randrange(len(content) + 1)
            content = content[:at] + random.choice((b'"', b"\xff", b"\x00", b",", b"\n")) + content[at:]
        case 2:
            content = content.replace(b",", random.choice((b";", b"\t", b",,")))
    return content


def accounts(random):
    header = list(COLUMNS)
    rows = []
    for number in range(random.randrange(6)):
        row = [f"a{number}@shop.example", SECRET, "A", "L", "", "1"]
        if random.random() < 0.5:
            shift = random.randrange(len(row))
            row = row[shift:] + row[:shift]
        if random.random() < 0.5:
            row[random.randrange(len(row))] = random.choice(CELLS)
        rows.append(row[: random.choice((6, 6, 6, 6, 5, 0))])
    if random.random() < 0.2:
        random.shuffle(header)
    return written(random, [header, *rows] if random.random() < 0.9 else rows)


def trace(random):
    header = random.choice(
        (["time"], ["time", "payment_option"], ["time", "payment_option", "journey"], [SECRET], ["journey", "time"], [])
    )
    kinds = {"time": TIMES, "payment_option": OPTIONS, "journey": JOURNEYS}
    start = random.choice((0.0, 0.0, 1.7e9, 1e17))
    rows = []
    for number in range(random.randrange(8)):
        row = [str(start + number) if name == "time" else random.choice(kinds.get(name, CELLS)) for name in header]
        if row and random.random() < 0.3:
            row[random.randrange(len(row))] = random.choice((*TIMES, *CELLS))
        rows.append(row)
    return written(random, [header, *rows])


@contextmanager
def opened():
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "people.csv"

        def one(random):
            if random.random() < 0.5:
                path.write_bytes(accounts(random))
                try:
                    pool = AccountPool.read_csv(path)
                except AccountsRejected as rejected:
                    said = str(rejected)
                else:
                    return f"{(len(pool) > 0 and 'accounts') or 'no account'}"
            else:
                path.write_bytes(trace(random))
                try:
                    made = load_trace(
                        path, random.choice((0.5, 1.0, 3.0)), random.choice((1.0, 1e-3, 1e3)), random.randrange(2**31)
                    )
                    list(made.trace)
                except TraceError as error:
                    said = str(error)
                else:
                    return "a trace"
            assert said.strip()
            assert SECRET not in said, said
            assert "people.csv" in said or "rate_scale" in said, said
            assert len(said) < 10_000
            return "refused"

        yield one
