"""A shop that keeps the CSRF token in its session, and shows it on a page: the doctor finds it, and shoppers send it."""

import json
import tomllib

import pytest
from in_process_shop import second_shop

from scenarios.doctor.writing import scenario_text

JSON = {"content-type": "application/json"}


def html(title, body, status=200):
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>"
    return status, {"content-type": "text/html; charset=utf-8"}, page.encode()


TOKEN = "token-0123456789abcdef"
WHERE_THE_TOKEN_IS = {
    "a form": ("/", html("Shop", f"<input value='{TOKEN}' type=hidden name=csrfmiddlewaretoken>")),
    "a meta tag": ("/", html("Shop", f'<meta name="csrf-token" content="{TOKEN}"/>')),
    "JSON": ("/csrf_token/", (200, JSON, json.dumps({"csrf_token": TOKEN}).encode())),
}


def token_of_the_session(path, reply, *, also_from_banks=False):
    """A shop that keeps the token in the session, shows it on one page, and sets no cookie for it."""
    free = ("CreditCardThreeDSecurePage", "GPayCompletePage", "MasterpassCompletePage", "RedirectionPageCompletePage")

    def breaks(request, sound):
        if request.path == path:
            return reply
        if request.path in ("/", "/csrf_token/"):
            return html("Not Found", "", 404)
        of_a_bank = request.name in free or "sanal" in request.path
        wanted = request.method == "POST" and (also_from_banks or not of_a_bank)
        if wanted and request.headers.get("x-csrftoken") != TOKEN:
            return 403, JSON, b'{"detail": "CSRF Failed: CSRF token missing."}'
        request.headers["cookie"] = f"{request.headers.get('cookie', '')}; csrftoken={TOKEN}".strip("; ")
        request.headers["x-csrftoken"] = TOKEN
        status, headers, body = sound(request)
        lines = [line for line in headers.pop("set-cookie", "").splitlines() if not line.startswith("csrftoken")]
        return status, {**headers, **({"set-cookie": "\n".join(lines)} if lines else {})}, body

    return breaks


@pytest.mark.parametrize("place", WHERE_THE_TOKEN_IS)
def test_a_token_that_is_in_no_cookie_is_found_and_used(walk, place):
    path, reply = WHERE_THE_TOKEN_IS[place]
    examined = walk(second_shop(breaks=token_of_the_session(path, reply)))
    assert examined.codes() == ["csrf_in_page"], examined.text[:2500]
    assert 'csrf_from = "page"' in examined.first_lines
    assert examined.found.stopped == []
    assert TOKEN not in examined.text + json.dumps(examined.document)
    made = tomllib.loads(scenario_text(examined.found.facts))
    assert made["conduct"]["csrf_from"] == "page"
    assert made["conduct"].get("csrf_path", "/csrf_token/") == path
    again = walk(second_shop(breaks=token_of_the_session(path, reply)), tables={"conduct": made["conduct"]})
    assert again.codes() == []


def test_a_token_that_is_wanted_from_a_bank_is_the_shops_affair(walk):
    path, reply = WHERE_THE_TOKEN_IS["JSON"]
    examined = walk(second_shop(breaks=token_of_the_session(path, reply, also_from_banks=True)), accounts=False)
    assert "csrf_wanted" in examined.codes()
    assert any("exempt this page" in one.remedy for one in examined.found.findings)
