"""The doctor in Locust's web UI: a page that walks through a shop, shows the report and offers the scenario.

The page may do what the start form may do, and no more: it names a known scenario and a host that may be loaded, and it can
neither name a file nor allow a target.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from flask import Response, jsonify, request

from harness.errors import UsageError
from harness.judging.finish import RESULTS
from harness.locust_plugin.option_checks import refuse_host
from harness.locust_plugin.web.doctor_walk import REPORT, SCENARIO, DoctorWalk
from harness.locust_plugin.web.form import quoted, with_form_labels
from harness.run.workload import Choices, ScenarioProvider

DOCTOR_PATH = "/checkload/doctor"
_ACCEPTED = frozenset({"scenario", "host", "orders"})
_NO_REPORT = "There is no report yet: a walk writes it when it is over."
_NO_SCENARIO = "There is no scenario: a walk writes one when it is over, if something could be bought."
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox allow-same-origin"


class DoctorPages:
    """The pages of the doctor. ``scenarios`` may be chosen; ``load_is_on`` says whether a load runs.

    ``command`` starts the doctor as a process.
    """

    def __init__(
        self,
        options: Any,
        provider: ScenarioProvider[Any],
        scenarios: Sequence[str],
        command: Sequence[str],
        load_is_on: Callable[[], bool],
    ) -> None:
        self._options = options
        self._provider = provider
        self._scenarios = scenarios
        self._load_is_on = load_is_on
        self.walk = DoctorWalk(command)

    def start(self, form: Mapping[str, str]) -> str:
        """Start a walk, or return everything that is wrong with the form."""
        if self._load_is_on():
            return "A run is on. Stop it before you start the doctor."
        if self.walk.walking:
            return "The doctor is walking already. Stop it before you start it again."
        try:
            self.walk.start(self._arguments(form), Path(self._options.results or RESULTS))
        except UsageError as usage_error:
            return with_form_labels(str(usage_error))
        return ""

    def _arguments(self, form: Mapping[str, str]) -> list[str]:
        """The options of ``checkload doctor``; raises ``UsageError``."""
        options, problems = self._options, [f"{key[:40]} cannot be set here." for key in sorted(set(form) - _ACCEPTED)]
        scenario, host = form.get("scenario", "").strip(), form.get("host", "").strip()
        allowed, orders = tuple(options.allow_target or ()), bool(form.get("orders"))
        try:
            if scenario and scenario not in self._scenarios:
                raise UsageError(f"Scenario {quoted(scenario)}: it is none of {', '.join(self._scenarios)}.")  # noqa: TRY301
            chosen = self._provider.choose(Choices(scenario, allowed=allowed)).target.allowed if scenario else allowed
            refuse_host(host, chosen)
        except UsageError as usage_error:
            problems.append(str(usage_error))
        if orders and host and (options.max_orders or options.max_sms):
            problems.append(
                "Locust was started with a ceiling (--max-orders or --max-sms), which the doctor cannot keep: "
                "do not place orders, or start Locust without the ceiling."
            )
        if problems:
            raise UsageError("\n".join(problems))
        given = [f"--allow-target={name}" for name in allowed]
        given += [f"--scenario={scenario}"] * bool(scenario) + [f"--host={host}"] * bool(host)
        return given + ["--no-orders"] * (not orders) + ["--no-verify-tls"] * bool(options.no_verify_tls)

    def install(self, web_ui: Any) -> None:
        """Serve the pages. The guard of the web UI checks each request before they do."""
        base = self._options.web_base_path or ""
        page, policy = _page()

        def shown() -> Response:
            return _with_policy(Response(page, mimetype="text/html"), policy)

        def state() -> Response:
            choices = {"scenarios": self._scenarios, "host": self._options.host or "", "load": self._load_is_on()}
            return jsonify({**self.walk.status()._asdict(), **choices})

        def start() -> Response:
            return jsonify({"problem": self.start(request.form)})

        def stop() -> Response:
            self.walk.stop()
            return jsonify({"problem": ""})

        def report() -> Response:
            found = self.walk.file(REPORT)
            return _missing(_NO_REPORT) if found is None else _with_policy(Response(found), _REPORT_POLICY)

        def scenario() -> Response:
            found = self.walk.file(SCENARIO)
            if found is None:
                return _missing(_NO_SCENARIO)
            attached = {"Content-Disposition": f'attachment; filename="{SCENARIO}"'}
            return Response(found, mimetype="application/toml", headers=attached)

        for path, view, methods in (
            ("", shown, ["GET"]),
            ("/state", state, ["GET"]),
            ("/report", report, ["GET"]),
            ("/scenario", scenario, ["GET"]),
            ("/start", start, ["POST"]),
            ("/stop", stop, ["POST"]),
        ):
            name = f"checkload_doctor{path.replace('/', '_')}"
            protected = web_ui.auth_required_if_enabled(view)
            web_ui.app.add_url_rule(f"{base}{DOCTOR_PATH}{path}", name, protected, methods=methods)


def _page() -> tuple[str, str]:
    """The page and its content security policy, which allows its own style and script only."""
    style, script = _file("doctor.css"), _file("doctor.js")
    page = _file("doctor.html").replace("{style}", style).replace("{script}", script)
    own = "default-src 'none'; connect-src 'self'; frame-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return page, f"{own}; style-src {_digest(style)}; script-src {_digest(script)}"


def _with_policy(response: Response, policy: str) -> Response:
    response.headers["Content-Security-Policy"] = policy
    return response


def _missing(why: str) -> Response:
    return Response(why, 404, mimetype="text/plain")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _file(name: str) -> str:
    return files("harness.locust_plugin.web").joinpath(name).read_text(encoding="utf-8")
