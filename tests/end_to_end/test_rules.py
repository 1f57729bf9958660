"""The rules for Prometheus do what they say, and the tests find every small mistake in them."""

import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml
from mutants import dumped, mutants
from running import ROOT, needs

FOLDER = ROOT / "dashboards" / "prometheus"
RULES = sorted((FOLDER / "rules").glob("*.yml"))
TESTS = yaml.safe_load((FOLDER / "rules_test.yml").read_text())


def run(*arguments):
    return subprocess.run([str(one) for one in arguments], capture_output=True, text=True, timeout=60, check=False)


def parsed(path):
    return yaml.safe_load(path.read_text())


@pytest.mark.end_to_end
@needs("promtool")
def test_promtool_accepts_the_rules():
    checked = run("promtool", "check", "rules", "--lint=all", "--lint-fatal", *RULES)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.end_to_end
@needs("promtool")
def test_the_rules_pass_their_tests():
    tested = run("promtool", "test", "rules", FOLDER / "rules_test.yml")
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.end_to_end
@needs("amtool")
def test_amtool_accepts_the_alertmanager_configuration():
    checked = run("amtool", "check-config", FOLDER / "alertmanager.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.end_to_end
@pytest.mark.mutants
@needs("promtool")
def test_every_changed_rule_fails_a_test(tmp_path):
    made = [(path, what, broken) for path in RULES for what, broken in mutants(parsed(path))]
    assert len(made) > 100
    with ThreadPoolExecutor(os.cpu_count()) as several:
        caught = several.map(lambda one: _caught(tmp_path / str(one[0]), *one[1]), enumerate(made))
        survivors = [what for (_, what, _), seen in zip(made, caught, strict=True) if not seen]
    assert survivors == []


def _caught(folder, path, what, broken):
    """Whether the tests find the mistake; tests about the broken rule run first, one by one, all tests only if these pass."""
    folder.mkdir()
    for rules in RULES:
        (folder / rules.name).write_text(dumped(broken) if rules == path else rules.read_text())
    name = what.split(": ", 1)[0]
    telling = [[test] for test in TESTS["tests"] if name in str(test)]
    for tests in (*telling, TESTS["tests"]):
        file = folder / "test.yml"
        file.write_text(json.dumps({**TESTS, "rule_files": [rules.name for rules in RULES], "tests": tests}))
        if run("promtool", "test", "rules", file).returncode:
            assert run("promtool", "check", "rules", folder / path.name).returncode == 0, f"no rule any more: {what}"
            shutil.rmtree(folder)
            return True
    return False


def test_each_alert_is_of_one_of_the_two_families_and_says_what_to_do():
    alerts = [rule for path in RULES for group in parsed(path)["groups"] for rule in group["rules"] if "alert" in rule]
    families = {severity: [one for one in alerts if one["labels"] == {"severity": severity}] for severity in FAMILIES}
    assert sum(map(len, families.values())) == len(alerts)
    assert all(families.values())
    assert all("remedy" in one["annotations"] for one in families["invalidates_run"])
    assert all("run_id" in one["annotations"]["summary"] for one in alerts)


def test_each_alert_and_record_is_tested():
    rules = [rule for path in RULES for group in parsed(path)["groups"] for rule in group["rules"]]
    alerts = {rule["alert"] for rule in rules if "alert" in rule}
    seen = {one["alertname"] for test in TESTS["tests"] for one in test["alert_rule_test"] if one["exp_alerts"]}
    assert seen == alerts


def test_alertmanager_inhibits_alerts_about_the_shop_of_the_invalid_run_only():
    config = parsed(FOLDER / "alertmanager.yml")
    (rule,) = config["inhibit_rules"]
    assert rule == {
        "source_matchers": ['severity="invalidates_run"'],
        "target_matchers": ['severity="page"'],
        "equal": ["run_id"],
    }
    assert all("127.0.0.1" in hook["url"] for one in config["receivers"] for hook in one["webhook_configs"])


FAMILIES = ("invalidates_run", "page")
