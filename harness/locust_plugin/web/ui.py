"""What a person does in the web UI, and what the UI is told: between Locust's page and the runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from locust.runners import STATE_RUNNING, STATE_SPAWNING

from harness.errors import UsageError
from harness.host_header import parse_allowed_hosts
from harness.locust_plugin.option_checks import refuse_host, selected_user_classes
from harness.locust_plugin.options import OPTION_HELP
from harness.locust_plugin.web import form, guard, page, tabs
from harness.run.workload import ScenarioProvider, Workload


class CheckloadUi:
    """The web UI of one process.

    ``choose`` makes a scenario of Locust's options; ``current`` gives the run, if there is one, and what it ended in.
    """

    def __init__(
        self,
        environment: Any,
        provider: ScenarioProvider[Any],
        pool: form.UserSettings,
        choose: Callable[[Any], Workload[Any]],
        current: Callable[[], tabs.UiState],
    ) -> None:
        self._environment = environment
        self._provider = provider
        self._user_settings = pool
        self._choose = choose
        self._current = current
        self._classes: list[Any] = list(environment.user_classes)
        # A path may name any file, and a scenario says itself what may be loaded: only who starts the process names one.
        self._scenarios = list(dict.fromkeys([*provider.names(), str(environment.parsed_options.scenario)]))

    def install(self, web_ui: Any) -> None:
        """Put guard, fields and tabs into Locust's web UI."""
        shape = type(self._environment.shape_class).__name__
        allowed = parse_allowed_hosts(self._environment.parsed_options.web_allowed_hosts)
        guard.install_guard(web_ui, start=self.check_start_form, shape=shape, allowed_hosts=allowed)
        page.install_page(web_ui, fields=self.fields, hints=self.hints, arguments=lambda: self.arguments(shape))
        view = tabs.TabRows(self._current)
        guard.add_tabs(web_ui, tabs.TABS, rows=view.rows, state=self.state)

    def check_start_form(self, asked: guard.Form) -> str | None:
        """Take the form with which a run is to be started, or say all that speaks against it."""
        environment = self._environment
        if self.state() is not None or environment.runner.shape_greenlet:
            return "A run is on, and keeps the values it was started with. Stop it before you start another."
        options, problems = form.read(environment.parsed_options, asked)
        if options.scenario and options.scenario not in self._scenarios:
            problems.append(
                f"Scenario {form.quoted(options.scenario)}: it is none of {', '.join(self._scenarios)}; "
                "name a file of your own with --scenario where Locust is started"
            )
            options.scenario = environment.parsed_options.scenario  # what is wrong with the rest is told all the same
        try:
            workload = self._choose(options)
            refuse_host(options.host or "", workload.allowed)
            selected_user_classes(self._picked(asked, options), workload, options)
            workload.worker_context(0, 1)
        except UsageError as misuse:
            problems.append(form.with_form_labels(str(misuse)))
        if problems:
            return "\n".join(problems)
        for key in form.TRIMMED:  # Locust reads the form once more
            if key in asked:
                asked[key] = getattr(options, key)
        vars(environment.parsed_options).update(vars(options))
        return None

    def _picked(self, asked: guard.Form, options: Any) -> list[Any]:
        if not options.class_picker:
            return self._classes
        names = asked.getlist("user_classes")
        if not names:
            # Locust would take all of them.
            raise UsageError("No user class is chosen; choose at least one.")
        return [one for name, one in self._environment.available_user_classes.items() if name in names]

    def fields(self) -> list[page.Field]:
        """Our choices, with what was chosen last."""
        options = self._environment.parsed_options
        among = {"scenario": self._scenarios}
        return [page.Field(name, getattr(options, name), OPTION_HELP[name], among.get(name)) for name in form.CHOICES]

    def hints(self) -> dict[str, str]:
        """What is said beside Locust's own fields."""
        return {**form.HINTS, "user_count": self._user_settings.hint}

    def arguments(self, shape: str) -> dict[str, Any]:
        """What Locust's page is told otherwise than by Locust."""
        return {
            "state": self.state() or self._environment.runner.state,
            # Without a host the embedded shop is started; its own address is nobody's choice.
            "host": self._environment.parsed_options.host or "",
            "missing_host_warning": False,
            "override_host_warning": False,
            "available_shape_classes": [shape],
        }

    def state(self) -> str | None:
        """What the page is to take the state for: it must neither show the form nor stop asking before the verdict is there.

        ``None``: what Locust says is right.
        """
        current = self._current()
        run = current.run
        if run is None or current.finished is not None or current.failed:
            return None
        return STATE_RUNNING if run.begun or run.over else STATE_SPAWNING
