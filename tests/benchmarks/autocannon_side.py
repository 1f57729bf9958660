"""autocannon, a load generator in JavaScript: the same five requests, checked in its ``onResponse``.

It keeps no cookies; like wrk, it sends the same ones with each request.
"""

from __future__ import annotations

import json

from k9_side import ECHOED
from peers import Program, peer
from processes import ran_script
from responder import CHECKOUT, COOKIES, PAGES, TOKEN

_WALK = """
const autocannon = require('autocannon');
const pages = __PAGES__;
let wrong = 0;
function inOrder(page, status, body) {
  if (status !== 200) return false;
  const said = JSON.parse(body);
  const entries = said.context_list;
  if (!Array.isArray(entries) || said.errors || typeof said.template_name !== 'string') return false;
  if (entries[entries.length - 1].page_name !== page.shown) return false;
  return !page.echo || String(said.pre_order[page.echo].pk) === page.wanted;
}
autocannon({
  url: 'http://127.0.0.1:__PORT__', connections: __USERS__, amount: __REQUESTS__,
  requests: pages.map((page) => ({
    method: page.method, path: page.path, headers: page.headers, body: page.form || undefined,
    onResponse: (status, body) => { if (!inOrder(page, status, body)) wrong++; },
  })),
}, (error, result) => {
  if (error || wrong || result.non2xx || result.errors) { console.error(error, wrong, result); process.exit(1); }
  console.log(JSON.stringify({ asked: result.requests.total }));
});
"""

_TIMED = """
const autocannon = require('autocannon');
autocannon({ url: '__URL__', connections: __USERS__, overallRate: __RATE__, duration: __SECONDS__ }, (error, result) => {
  if (error) throw error;
  console.log(JSON.stringify({ rate: result.requests.average, p50: result.latency.p50, p99: result.latency.p99 }));
});
"""


def walk(port: int, users: int, journeys: int) -> float | None:
    """Processor seconds of so many journeys, its start included; ``None`` without autocannon. Fails if a check does."""
    pages = [
        {
            "method": method,
            "path": f"{CHECKOUT}{page}",
            "form": form,
            "shown": shown,
            "headers": _headers(form),
            **dict(zip(("echo", "wanted"), ECHOED.get(page, ("", "")), strict=True)),
        }
        for page, method, form, shown, _ in PAGES
    ]
    done = _run(_WALK, PAGES=json.dumps(pages), PORT=port, USERS=users, REQUESTS=journeys * len(PAGES))
    return None if done is None else done[1]


def timed(url: str, users: int, rate: float, seconds: float) -> tuple[float, float, float, float] | None:
    """One page at a rate: processor seconds a second, requests a second, p50 and p99 in seconds; ``None`` without it."""
    length = max(1, round(seconds))
    done = _run(_TIMED, URL=url, USERS=users, RATE=max(1, round(rate)), SECONDS=length)
    if done is None:
        return None
    said = json.loads(done[0])
    return done[1] / length, said["rate"], said["p50"] / 1000, said["p99"] / 1000


def _headers(form: str) -> dict[str, str]:
    headers = {"x-requested-with": "XMLHttpRequest", "cookie": "; ".join(COOKIES), "User-Agent": "checkload"}
    headers["accept-encoding"] = "gzip, deflate, br"
    sends = {"x-csrftoken": TOKEN, "content-type": "application/x-www-form-urlencoded"}
    return headers | (sends if form else {})


def _run(text: str, **values: object) -> tuple[str, float] | None:
    program = peer("autocannon")
    if not isinstance(program, Program):
        return None
    return ran_script(program.command, "script.cjs", text, values, **program.environment)
