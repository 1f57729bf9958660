"""Serves Locust's web page with our fields in sight and a hint beside each.

The page itself is Locust's program. This module passes it the arguments that it loads, and a style sheet. The page works
without the style sheet, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template

_STYLE = """
/* A message why a run does not start has several lines. */
.MuiAlert-message { white-space: pre-wrap; }
/* Our fields come first, and are always unfolded. */
form .MuiAccordion-root .MuiCollapse-root { height: auto !important; visibility: visible !important; }
form .MuiAccordionSummary-root { pointer-events: none; }
form .MuiAccordionSummary-expandIconWrapper { display: none; }
form .MuiAccordion-root:has([name="scenario"]) { order: -1; }
form .MuiAccordion-root:has([name="scenario"]) .MuiAccordionDetails-root > div
  { display: grid; grid-template-columns: 1fr 1fr; gap: 16px; }
form > div { row-gap: 16px !important; }
.MuiFormControl-root::after { font-size: 0.75rem; opacity: 0.75; margin: 3px 14px 0; }
/* A run keeps its start values, and the scenario sets the weights: hide the edit buttons. */
header .MuiButton-colorSecondary, tr:has(input[type="checkbox"]) .MuiIconButton-root
  { display: none; }
"""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of ours in the form: its name, the value it shows, its hint, and the values to choose from."""

    name: str
    value: str
    hint: str
    choices: Sequence[str] | None = None

    @property
    def as_argument(self) -> dict[str, Any]:
        """The field in the form that Locust's page reads."""
        # The page would show and send the first choice for a value that is not among them.
        choices = self.choices
        if choices is not None and self.value not in choices:
            choices = [*choices, self.value]
        return {
            "default_value": self.value,
            "choices": None if choices is None else list(choices),
            "help_text": None,
            "is_secret": False,
            "is_required": False,
            "is_multiple": False,
        }


def install_page(
    web_ui: Any,
    *,
    fields: Callable[[], Sequence[Field]],
    hints: Callable[[], Mapping[str, str]],
    arguments: Callable[[], Mapping[str, Any]],
    head: Callable[[], str] = str,
) -> None:
    """Serve Locust's page with our ``fields``, with ``hints`` beside Locust's fields, and with changed ``arguments``.

    ``head`` makes what is added to the head of the page.
    """
    app = web_ui.app
    app.jinja_env.policies["json.dumps_kwargs"] = {"sort_keys": False}  # keeps the fields in the given order

    def index() -> str:
        web_ui.update_template_args()
        ours = fields()
        shown = {**web_ui.template_args, **arguments(), "extra_options": {one.name: one.as_argument for one in ours}}
        beside = {field.name: field.hint for field in ours} | dict(hints())
        style = "\n".join([_STYLE, *(_hint(name, text) for name, text in beside.items())])
        page: str = render_template("index.html", template_args=shown)
        return page.replace("</head>", f"<style>{style}</style>{head()}</head>", 1)

    app.view_functions["locust.index"] = web_ui.auth_required_if_enabled(index)


def _hint(name: str, text: str) -> str:
    first, *rest = name.split("_")
    camel = first + "".join(part.capitalize() for part in rest)
    safe = "".join(letter if letter.isalnum() or letter in " .,:;=/()-'" else f"\\{ord(letter):x} " for letter in text)
    return f'.MuiFormControl-root:has(> .MuiInputBase-root > [name="{camel}"])::after {{ content: "{safe}"; }}'
