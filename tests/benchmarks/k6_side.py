"""k6, if it is installed: the same five requests with the same checks, in a script that this module writes."""

from __future__ import annotations

import json
import shutil

from k9_side import ECHOED
from processes import ran_script
from responder import CHECKOUT, PAGES, TOKEN

ONE_CORE = {"GOMAXPROCS": "1", "K6_NO_USAGE_REPORT": "true"}

_WALK = """
import http from 'k6/http';
import { check } from 'k6';
const pages = __PAGES__;
export const options = {
  scenarios: { walk: { executor: 'shared-iterations', vus: __USERS__, iterations: __JOURNEYS__, maxDuration: '10m' } },
  thresholds: { checks: ['rate==1'] },
};
export default function () {
  for (const page of pages) {
    const headers = { 'x-requested-with': 'XMLHttpRequest', 'User-Agent': 'checkload', 'Accept-Encoding': 'gzip, deflate, br' };
    if (page.form) {
      headers['x-csrftoken'] = '__TOKEN__';
      headers['content-type'] = 'application/x-www-form-urlencoded';
    }
    const reply = http.request(page.method, '__URL__' + page.path, page.form || null, { headers, redirects: 0, tags: { name: page.name } });
    check(reply, {
      'in order': (r) => {
        if (r.status !== 200) return false;
        const said = r.json();
        const entries = said.context_list;
        if (!Array.isArray(entries) || said.errors || typeof said.template_name !== 'string') return false;
        if (entries[entries.length - 1].page_name !== page.shown) return false;
        const held = page.echo ? said.pre_order[page.echo] : null;
        return !page.echo || String(held.pk) === page.wanted;
      },
    });
  }
}
"""

_TIMED = """
import http from 'k6/http';
import { check } from 'k6';
export const options = {
  summaryTrendStats: ['med', 'p(99)'],
  scenarios: { steady: { executor: 'constant-arrival-rate', rate: __RATE__, timeUnit: '1s', duration: '__SECONDS__s',
    preAllocatedVUs: __USERS__, maxVUs: __USERS__ } },
};
export default function () {
  check(http.get('__URL__'), { 'in order': (r) => r.status === 200 && Array.isArray(r.json().context_list) });
}
export function handleSummary(data) {
  return { stdout: JSON.stringify({ times: data.metrics.http_req_duration.values, asked: data.metrics.http_reqs.values }) };
}
"""


def walk(port: int, users: int, journeys: int) -> float | None:
    """Processor seconds of so many journeys, its start included; ``None`` without k6. Fails if a check does."""
    pages = [
        {"name": page, "method": method, "path": f"{CHECKOUT}{page}", "form": form, "shown": shown}
        | (dict(zip(("echo", "wanted"), ECHOED[page], strict=True)) if page in ECHOED else {})
        for page, method, form, shown, _ in PAGES
    ]
    said = {"PAGES": json.dumps(pages), "USERS": users, "JOURNEYS": journeys, "TOKEN": TOKEN}
    done = _run(_WALK, **said, URL=f"http://127.0.0.1:{port}")
    return None if done is None else done[1]


def timed(url: str, users: int, rate: float, seconds: float) -> tuple[float, float, float, float] | None:
    """One page at a rate: processor seconds a second, requests a second, p50 and p99 in seconds; ``None`` without k6."""
    length = max(1, round(seconds))
    done = _run(_TIMED, URL=url, USERS=users, RATE=max(1, round(rate)), SECONDS=length)
    if done is None:
        return None
    said = json.loads(done[0])
    return done[1] / length, said["asked"]["rate"], said["times"]["med"] / 1000, said["times"]["p(99)"] / 1000


def _run(text: str, **values: object) -> tuple[str, float] | None:
    program = shutil.which("k6")
    if program is None:
        return None
    return ran_script([program, "run", "--quiet"], "script.js", text, values, **ONE_CORE)
