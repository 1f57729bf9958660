"""The web UI with a master and workers: start, stop, start again; each run has its own exact counts."""

import json

import pytest
from browsing import Ui, until
from running import QUICK
from scraping import a_free_port

pytestmark = pytest.mark.end_to_end

GENTLE = QUICK.replace("25/s", "10/s").replace('"6s"', '"5s"') + '[shop.service]\ndefault = "40ms"\n'


def test_runs_follow_each_other_and_a_late_worker_joins_the_next(locust, scenario, free_port, tmp_path):
    a_port = a_free_port()
    master = locust(
        "--master", "--master-bind-port", str(a_port), "--web-port", str(free_port), "--scenario", scenario(GENTLE)
    )
    ui = Ui(master.process, free_port)
    join = ("--worker", "--master-port", str(a_port))
    workers = [locust(*join), locust(*join)]

    def there(number):
        until(lambda: len(ui.stats()["workers"]) == number, f"{number} workers")

    def results():
        found = [json.loads(path.read_text()) for path in tmp_path.rglob("result.json")]
        return sorted(found, key=lambda result: result["started_at"])

    there(2)
    assert ui.start(run_time="60s") == ""
    until(lambda: ui.stats()["stats"][-1]["num_requests"] > 100, "requests")
    workers.append(locust(*join))
    there(3)
    workers[2].until("it takes part in the next one")
    assert ui.ask("/stop", {})[0] == 200
    ui.let_it_end()
    assert ui.shops() == []
    until(lambda: {one["state"] for one in ui.stats()["workers"]} == {"ready"}, "workers that are ready")

    assert ui.start() == ""
    until(lambda: ui.stats()["state"] == "running", "the second run")
    ui.let_it_end()
    first, second = results()
    for result, made_by in ((first, 2), (second, 3)):
        counts, findings = result["counts"], {one["check"]: one["message"] for one in result["judgement"]["findings"]}
        assert result["ledger"]["agrees"], result["ledger"]
        assert counts["journeys_by_outcome"].keys() <= {"ok", "abandoned"}
        assert counts["journeys"] == sum(one["started"] for one in result["measured"]["arrivals"].values())
        assert findings["workers"] == f"{made_by} workers made the load, and none was lost"
    assert "A person stopped the run in the web UI after" in first["judgement"]["reason"]
    assert second["counts"]["journeys"] == 50
    assert "stop" not in second["judgement"]["reason"]
