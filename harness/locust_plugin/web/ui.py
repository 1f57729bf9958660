"""Connects Locust's web UI with the runs: reads its form, and tells it the state of the run."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from flask import Response, jsonify, request
from locust.runners import STATE_RUNNING, STATE_SPAWNING

from harness.errors import UsageError
from harness.host_header import parse_allowed_hosts
from harness.judging.finish import RESULTS
from harness.locust_plugin.option_checks import refuse_host, selected_user_classes
from harness.locust_plugin.options import OPTION_HELP
from harness.locust_plugin.web import banner, doctor, form, guard, page, scenario_facts, tabs
from harness.locust_plugin.web.live.page import install_live
from harness.locust_plugin.web.runs.page import RunPages
from harness.locust_plugin.web.steer import install_steering
from harness.locust_plugin.web.ui_state import UiState
from harness.run.workload import Choices, ScenarioProvider, Workload


class CheckloadUi:
    """The web UI of one process.

    ``choose`` makes a workload from Locust's options. ``current`` returns the run, if there is one, and how it ended.
    """

    def __init__(
        self,
        environment: Any,
        provider: ScenarioProvider[Any],
        pool: form.UserSettings,
        choose: Callable[[Any], Workload[Any]],
        current: Callable[[], UiState],
    ) -> None:
        self._environment = environment
        self._provider = provider
        self._user_settings = pool
        self._choose = choose
        self._current = current
        self._classes: list[Any] = list(environment.user_classes)
        # A scenario file decides which targets may be loaded, so a person in the browser may name no path: they choose one of
        # the files that were there when Locust started.
        own = [*scenario_facts.own_scenarios(Path.cwd()), str(environment.parsed_options.scenario)]
        self._scenarios = list(dict.fromkeys([*provider.names(), *own]))
        self.doctor: doctor.DoctorPages | None = None
        self.runs: RunPages | None = None

    def install(self, web_ui: Any, command: Sequence[str] = ()) -> None:
        """Add guard, fields, tabs and pages to Locust's web UI; ``command`` starts checkload as a process."""
        shape = type(self._environment.shape_class).__name__
        allowed = parse_allowed_hosts(self._environment.parsed_options.web_allowed_hosts)
        guard.install_guard(web_ui, start=self.check_start_form, shape=shape, allowed_hosts=allowed)
        page.install_page(
            web_ui,
            fields=self.fields,
            hints=self.hints,
            arguments=lambda: self.arguments(shape),
            head=lambda: banner.head() + self.form_head(),
        )
        banner.install_banner(web_ui, self._current)
        base = self._environment.parsed_options.web_base_path or ""
        view_of = web_ui.auth_required_if_enabled(self.describe_scenario)
        web_ui.app.add_url_rule(f"{base}/checkload/scenario", "checkload_scenario", view_of)
        install_steering(web_ui, self._current)
        install_live(web_ui, self._current)
        options = self._environment.parsed_options
        doctor_command = [*command, "doctor"]
        self.doctor = doctor.DoctorPages(options, self._provider, self._scenarios, doctor_command, self._load_is_on)
        self.doctor.install(web_ui)
        self.runs = RunPages(Path(options.results or RESULTS), command, self._load_is_on)
        self.runs.install(web_ui)
        view = tabs.TabRows(self._current)
        guard.add_tabs(web_ui, tabs.TABS, rows=view.rows, state=self.state)

    def check_start_form(self, asked: guard.Form) -> str | None:
        """Apply the form of a new run to Locust's options, or return everything that is wrong with it."""
        environment = self._environment
        if hindrance := self._hindrance():
            return hindrance
        options, problems = form.read(environment.parsed_options, asked)
        if options.scenario and options.scenario not in self._scenarios:
            problems.append(
                f"Scenario {form.quoted(options.scenario)}: it is none of {', '.join(self._scenarios)}; "
                "name a file of your own with --scenario when Locust starts"
            )
            options.scenario = environment.parsed_options.scenario  # the other fields are checked, too
        try:
            workload = self._choose(options)
            refuse_host(options.host or "", workload.target.allowed)
            selected_user_classes(self._picked(asked, options), workload, options)
            workload.population.worker_context(0, 1)
        except UsageError as usage_error:
            problems.append(form.with_form_labels(str(usage_error)))
        if problems:
            return "\n".join(problems)
        # Prometheus may have taken seconds to read the queries.
        if hindrance := self._hindrance():
            return hindrance
        # Locust needs numbers, also where the scenario sets them.
        asked["user_count"] = str(workload.population.users)
        asked["spawn_rate"] = str(self._user_settings.ramp(options) or workload.population.spawn_rate)
        for key in form.TRIMMED:  # Locust reads the form again
            if key in asked:
                asked[key] = getattr(options, key)
        vars(environment.parsed_options).update(vars(options))
        return None

    def _hindrance(self) -> str:
        """Why no run can start now; empty if one can."""
        if self._load_is_on():
            return "A run is on. Stop it before you start another."
        if self.doctor is not None and self.doctor.walk.walking:
            return "The doctor walks through a shop. Stop it, or wait until it is done."
        if self.runs is not None and self.runs.busy:
            return "The page Runs compares runs or stores a baseline. Wait until it is done."
        return ""

    def _load_is_on(self) -> bool:
        return self.state() is not None or bool(self._environment.runner.shape_greenlet)

    def _picked(self, asked: guard.Form, options: Any) -> list[Any]:
        if not options.class_picker:
            return self._classes
        names = asked.getlist("user_classes")
        if not names:
            # Locust would use all classes.
            raise UsageError("No user class is chosen; choose at least one.")
        return [one for name, one in self._environment.available_user_classes.items() if name in names]

    def fields(self) -> list[page.Field]:
        """Our fields, with the values of the last run."""
        options = self._environment.parsed_options
        among = {"scenario": self._scenarios}
        return [page.Field(name, getattr(options, name), OPTION_HELP[name], among.get(name)) for name in form.CHOICES]

    def hints(self) -> dict[str, str]:
        """The hints beside Locust's fields."""
        return dict(form.HINTS)

    def form_head(self) -> str:
        """What the form's script starts with, its style and the script."""
        options = self._environment.parsed_options
        users, ramp = self._user_settings.users(options), self._user_settings.ramp(options)
        start = {
            "users": "" if users is None else f"{users}",
            "ramp": "" if ramp is None else f"{ramp:g}",
            "host": options.host or "",
            "labels": {label: form.FIELDS[option] for option, label in form.LABELS.items()},
        }
        folder = files("harness.locust_plugin.web")
        style, script = (folder.joinpath(f"form.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
        data = json.dumps(start).replace("<", "\\u003c")
        return (
            f'<script id="checkload-start" type="application/json">{data}</script>'
            f"<style>{style}</style><script>{script}</script>"
        )

    def describe_scenario(self) -> Response:
        """What one of the offered scenarios does, as JSON; not during a run, which needs the processor."""
        name = request.args.get("name", "")
        if name not in self._scenarios or self._load_is_on():
            return jsonify({"error": "This scenario is not offered now."})
        try:
            return jsonify(scenario_facts.scenario_facts(self._provider.choose(Choices(scenario=name))))
        except UsageError as usage_error:
            return jsonify({"error": str(usage_error)})

    def arguments(self, shape: str) -> dict[str, Any]:
        """The arguments of Locust's page that differ from Locust's."""
        return {
            "state": self.state() or self._environment.runner.state,
            # The address of an embedded shop must not look like a choice.
            "host": self._environment.parsed_options.host or "",
            "missing_host_warning": False,
            "override_host_warning": False,
            "available_shape_classes": [shape],
        }

    def state(self) -> str | None:
        """The state that the page shows; ``None``: Locust's own state is right.

        The page must neither show the form nor stop asking before the verdict is there.
        """
        current = self._current()
        run = current.run
        if run is None or current.finished is not None or current.failed:
            return None
        return STATE_RUNNING if run.begun or run.over else STATE_SPAWNING
