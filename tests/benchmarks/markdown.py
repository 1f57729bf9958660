"""The figures of a benchmark as tables, to be read on a screen or put into a page of docs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"

CLIENTS = {
    "checkload_compiled": "checkload, compiled",
    "checkload": "checkload, plain Python",
    "checkload_tls_compiled": "checkload over TLS, compiled",
    "checkload_tls": "checkload over TLS, plain Python",
    "fast_http_user": "Locust `FastHttpUser`, same checks",
    "http_user": "Locust `HttpUser`, same checks",
    "fast_http_user_tls": "Locust `FastHttpUser` over TLS",
    "k9_plan": "k9, declarative plan: status, a text, two values read",
    "k9_script": "k9, Python script, same checks",
    "k9": "k9, declarative plan, checks the status",
    "autocannon": "autocannon, same checks, no cookie jar",
    "wrk": "wrk, no checks",
    "h2load": "h2load, first page only, no checks",
    "k6": "k6, same checks",
    "aiolocust": "aiolocust",
    "own_work_compiled": "checkload without HTTP, a guest's real journey, compiled",
    "own_work_plain": "checkload without HTTP, a guest's real journey, plain Python",
}
LEFT_OUT = ("k6",)  # without a row if it is not installed
TARGETS = {
    "to_fast_http_user": "of `FastHttpUser`'s CPU",
    "to_k9_plan": "of the CPU of k9's declarative plan",
    "to_k6": "of k6's CPU",
    "to_wrk": "of wrk's CPU",
    "own_work_us": "µs a request without HTTP",
    "own_work_plain_us": "µs a request without HTTP, plain Python",
    "thousand_users_to_ten": "times a request's cost with 10 users, with 1,000",
    "p50_error_ms": "ms p50 off the truth at 92 to 98 % of a core",
    "p99_error_ms": "ms p99 off the truth at 92 to 98 % of a core",
    "idle_user_bytes": "bytes, an idle user",
    "idle_user_tls_bytes": "bytes, an idle user over TLS",
    "ten_thousand_seconds": "s to start 10,000 users",
    "scrape_stall_ms": "ms p99 stall, scraped each second",
    "master_core_share": "of a core, a master of 64 workers",
}


def tables(figures: dict[str, Any]) -> str:
    """All sections as Markdown."""
    sections = [_costs, _timing, _scale, _targets]
    return "\n\n".join("\n".join(section(figures)) for section in sections)


def _costs(figures: dict[str, Any]) -> list[str]:
    own_work = {f"own_work_{build}": cost for build, cost in figures["own_work_us"].items()}
    costs = figures["cpu_us_per_request"] | own_work
    ours = costs["checkload_compiled"] or costs["checkload"]
    return [
        "| client | CPU µs a request | requests a core-second | checkload = 1 |",
        "|---|---|---|---|",
        *(
            f"| {CLIENTS[name]} | {cost:.1f} | {1e6 / cost:,.0f} | {cost / ours:.2f} |"
            if cost is not None
            else f"| {CLIENTS[name]} | {figures['absent'].get(name, 'not measured')} | | |"
            for name, cost in costs.items()
            if cost is not None or name not in LEFT_OUT
        ),
    ]


def _timing(figures: dict[str, Any]) -> list[str]:
    return [
        "| against 20 ms | share of a core | requests a second | true p99, ms | p50 off by, ms | p99 off by, ms |",
        "|---|---|---|---|---|---|",
        *(
            f"| {CLIENTS[name]} | {row['core_share']:.0%} | {row['rate']:,} | {row['truth_p99_ms']:.1f} | {row['p50_error_ms']:+.2f} | {row['p99_error_ms']:+.2f} |"
            if row is not None
            else f"| {CLIENTS[name]} | {figures['absent'].get(name, 'not measured')} | | | | |"
            for name, row in figures["timing"].items()
            if row is not None or name not in LEFT_OUT
        ),
    ]


def _scale(figures: dict[str, Any]) -> list[str]:
    lines = ["| scale | figures | twice the work costs |", "|---|---|---|"]
    for name, row in figures["scale"].items():
        said = ", ".join(f"{what.replace('_', ' ')} {value:,}" for what, value in row.items() if what != "growth")
        lines.append(f"| {name} | {said} | {row['growth']} times as much |")
    return lines


def _targets(figures: dict[str, Any]) -> list[str]:
    lines = ["| wanted at most | found | met |", "|---|---|---|"]
    for name, row in figures["targets"].items():
        if row["found"] is None and name == "to_k6":
            continue
        if row["found"] is None:
            lines.append(f"| {row['at_most']:,g} {TARGETS[name]} | not measured | |")
        else:
            lines.append(
                f"| {row['at_most']:,g} {TARGETS[name]} | {row['found']:,g} | {'yes' if row['met'] else 'no'} |"
            )
    if figures["wrk_thousand_to_ten"] is not None:
        lines += [
            "",
            f"wrk needs {figures['wrk_thousand_to_ten']} times as much for a request with 1,000 connections as with 10.",
        ]
    return lines


def put_between_marks(path: Path, report: str) -> None:
    """Replace the text between the two marks of a file; ``ValueError`` if it has no marks."""
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{path} has no {BEGIN} and {END} to put the tables between")
    path.write_text(f"{before}{BEGIN}\n{report}\n{END}{after}", encoding="utf-8")
