"""The figures of a benchmark as tables, to be read on a screen or put into a README."""

from __future__ import annotations

from pathlib import Path
from typing import Any

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def tables(figures: dict[str, Any]) -> str:
    """All sections as Markdown."""
    costs = {name: cost for name, cost in figures["cpu_us_per_request"].items() if cost is not None}
    ours = costs["checkload"]
    lines = ["| client | µs a request | requests a core-second | CPU, checkload = 1 |", "|---|---|---|---|"]
    lines += [f"| {name} | {cost:.1f} | {1e6 / cost:,.0f} | {cost / ours:.1f} |" for name, cost in costs.items()]
    lines += [
        "",
        f"A request of 1,000 users costs {figures['thousand_users_to_ten']:.2f} times what one of 10 does.",
        "",
    ]
    lines += [
        "| against 20 ms | share of a core | requests a second | p50 off by, ms | p99 off by, ms |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {row['core_share']:.0%} | {row['rate']:,} | {row['p50_error_ms']:+.1f} | {row['p99_error_ms']:+.1f} |"
        for name, row in figures["timing"].items()
        if row is not None
    ]
    lines += ["", "| scale | figures | twice the work costs |", "|---|---|---|"]
    for name, row in figures["scale"].items():
        said = ", ".join(f"{what.replace('_', ' ')} {value:,}" for what, value in row.items() if what != "growth")
        lines.append(f"| {name} | {said} | {row['growth']} times as much |")
    return "\n".join(lines)


def put_between_marks(path: Path, report: str) -> None:
    """Replace what stands between the two marks of a file; ``ValueError`` where it has none."""
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{path} has no {BEGIN} and {END} to put the tables between")
    path.write_text(f"{before}{BEGIN}\n{report}\n{END}{after}", encoding="utf-8")
