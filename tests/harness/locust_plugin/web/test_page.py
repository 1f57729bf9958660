import json
import re
from types import SimpleNamespace

import pytest
from flask import Flask

from harness.locust_plugin.web.page import Field, install_page


@pytest.fixture
def ui(tmp_path):
    """The part of Locust's web UI that the page changes: one page with its arguments as JSON."""
    (tmp_path / "index.html").write_text(
        "<html><head></head><script>window.templateArgs = {{ template_args|tojson }}</script></html>"
    )
    app = Flask(__name__, template_folder=str(tmp_path))
    app.add_url_rule("/", "locust.index", lambda: "Locust's own page")
    ui = SimpleNamespace(app=app, template_args={"state": "ready", "host": "http://127.0.0.1:1"}, updated=0)

    def update():
        ui.updated += 1

    ui.update_template_args = update
    ui.auth_required_if_enabled = lambda view: view
    return ui


def page(ui):
    text = ui.app.test_client().get("/").text
    return text, json.loads(re.search(r"templateArgs = (.*)</script>", text)[1])


def test_our_fields_keep_their_order_and_their_last_values(ui):
    fields = [
        Field("scenario", "smoke", "What load.", ["baseline", "smoke"]),
        Field("arrival_rate", "5/s", "How many."),
    ]
    install_page(ui, fields=lambda: fields, hints=dict, arguments=dict)
    _, reported = page(ui)
    assert list(reported["extra_options"]) == ["scenario", "arrival_rate"]
    assert reported["extra_options"]["scenario"]["choices"] == ["baseline", "smoke"]
    assert reported["extra_options"]["arrival_rate"]["default_value"] == "5/s"
    assert reported["extra_options"]["arrival_rate"]["choices"] is None
    fields[1] = Field("arrival_rate", "6/s", "How many.")
    assert page(ui)[1]["extra_options"]["arrival_rate"]["default_value"] == "6/s"
    assert ui.updated == 2


def test_a_value_beside_the_choices_is_added_to_them(ui):
    install_page(ui, fields=lambda: [Field("scenario", "my/own.toml", "", ["baseline"])], hints=dict, arguments=dict)
    assert page(ui)[1]["extra_options"]["scenario"]["choices"] == ["baseline", "my/own.toml"]


def test_our_arguments_replace_those_of_locust(ui):
    install_page(ui, fields=list, hints=dict, arguments=lambda: {"host": ""})
    assert page(ui)[1] == {"state": "ready", "host": "", "extra_options": {}}


def test_a_hint_is_escaped_in_the_style_sheet(ui):
    install_page(
        ui,
        fields=lambda: [Field("sms_share", "", "0 to 1.")],
        hints=lambda: {"run_time": '"}</style><b>\\'},
        arguments=dict,
    )
    text, _ = page(ui)
    assert '[name="smsShare"])::after { content: "0 to 1."; }' in text
    assert '[name="runTime"])::after { content: "' in text
    assert text.count("</style>") == 1
    assert "<b>" not in text
