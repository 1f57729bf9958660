"""A forecast file is checked strictly, with all its problems at once."""

import pytest

from scenarios.commands.plan import reference
from scenarios.loading.files import SCENARIO_FOLDER, scenario_names
from scenarios.loading.forecast import build_forecast, read_forecast
from scenarios.schema.problems import ScenarioError

EXAMPLE = SCENARIO_FOLDER / "forecasts" / "example.toml"


def complaints(document, results=("results/a",)):
    with pytest.raises(ScenarioError) as error:
        build_forecast("forecast x", document, results)
    return str(error.value)


def test_the_example_forecast_is_valid(tmp_path):
    forecast = read_forecast(EXAMPLE, ["results/a"]).forecast
    assert forecast.peak.rate == pytest.approx(15.0)
    assert forecast.peak.factor == 1.3
    assert forecast.weeks == 6
    assert [one.name for one in forecast.what_ifs][1:] == ["the banks take 3 s longer", "SMS take 5 s longer"]


def test_every_problem_is_reported_at_once_with_key_value_and_remedy():
    text = complaints(
        {
            "confidnce": 0.9,
            "confidence": "120%",
            "orders": {"rate": 900, "peaks_per_minute": [1, 2, 3, 4, 5]},
            "conversion": {"begun": 10, "bought": 20},
            "payments": {"credit_cart": 3},
            "instances": {"results": {"b": 2}},
            "what_if": [{"name": "nothing"}, {"name": "", "bank_delay": 1}],
        }
    )
    for part in (
        "confidnce\n",
        "did you mean `confidence`?",
        'confidence = "120%"',
        "either `rate` or `peaks_per_minute`",
        "are they swapped?",
        "payments.credit_cart",
        "did you mean `credit_card`?",
        "instances.results.b = 2",
        "add `payments`, `bank_delay` or `sms_delay`",
        "a text that is not empty",
    ):
        assert part in text


def test_a_forecast_without_orders_reports_the_missing_keys():
    assert "orders is missing" in complaints({})
    assert "write one of them" in complaints({"orders": {}})


def test_four_days_do_not_show_how_much_days_differ():
    assert "at least 5 days" in complaints({"orders": {"peaks_per_minute": [1, 2, 3, 4]}})
    past = build_forecast("x", {"orders": {"peaks_per_minute": [60, 120, 60, 60, 60]}}, ["a"]).forecast.peak.past
    assert past == (1, 2, 1, 1, 1)


def test_instances_are_found_by_the_path_or_folder_of_a_result():
    document = {"orders": {"rate": 10}, "instances": {"measured": 4, "results": {"one": 1, "results/two": 2}}}
    found = build_forecast("x", document, ["results/one", "results/two/", "results/three", "elsewhere/one/result.json"])
    assert list(found.instances.values()) == [1, 2, 4, 1]


def test_errors_of_unreadable_files_say_forecast(tmp_path):
    with pytest.raises(ScenarioError, match=r"(?s)forecast = .*No such file"):
        read_forecast(tmp_path / "none.toml", ["a"])
    broken = tmp_path / "broken.toml"
    broken.write_text("[orders\nrate = 3\n")
    with pytest.raises(ScenarioError, match="line 1"):
        read_forecast(broken, ["a"])


def test_the_reference_has_every_key_of_the_example():
    text = reference()
    for line in EXAMPLE.read_text().splitlines():
        key = line.partition(" = ")[0]
        if key.isidentifier():
            assert key in text


def test_a_forecast_file_is_not_listed_as_a_scenario():
    assert "example" not in scenario_names()


def test_an_option_of_the_shops_own_is_known_if_it_was_measured():
    document = {
        "orders": {"rate": 10},
        "payments": {"my_wallet": 40, "gpay": 60},
        "what_if": [{"name": "wallet only", "payments": {"my_wallet": 1}}],
    }
    forecast = build_forecast("forecast x", document, ["results/a"], {"my_wallet", "gpay"}).forecast
    assert forecast.payments == {"my_wallet": 40, "gpay": 60}
    text = complaints(document)
    assert "payments.my_wallet" in text
    assert "must be in one of the results" in text
    assert "recipe" not in text
