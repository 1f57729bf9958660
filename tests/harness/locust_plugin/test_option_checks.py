import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from workloads import FakeWorkload

from harness.errors import UsageError
from harness.locust_plugin.option_checks import (
    refuse_candidate,
    refuse_host,
    refuse_journey_log,
    refuse_rebalancing,
    refuse_results,
    refuse_slow_ramp,
    selected_user_classes,
    set_weights,
)


def user_class(kind, *tags):
    return SimpleNamespace(kind=kind, weight=1, tasks=[SimpleNamespace(locust_tag_set=set(tags or [kind]))])


GUEST, RETURNING, ABANDONING = (
    user_class("guest"),
    user_class("returning", "returning", "slow"),
    user_class("abandoning"),
)
ALL = [GUEST, RETURNING, ABANDONING]
LOAD = FakeWorkload(name="own", weights={"guest": 5.0, "returning": 3.0, "abandoning": 0.0})


def options(tags=None, exclude_tags=None):
    return SimpleNamespace(tags=tags, exclude_tags=exclude_tags)


@pytest.mark.parametrize(
    ("picked", "asked", "kept"),
    [
        (ALL, options(), [GUEST, RETURNING]),  # without a weight no user comes
        ([GUEST], options(), [GUEST]),
        (ALL, options(tags=["slow"]), [RETURNING]),
        (ALL, options(exclude_tags=["slow"]), [GUEST]),
        (ALL, options(tags=["slow", "guest"], exclude_tags=["returning"]), [GUEST]),
    ],
)
def test_selected_user_classes(picked, asked, kept):
    assert selected_user_classes(picked, LOAD, asked) == kept


@pytest.mark.parametrize(("picked", "asked"), [([ABANDONING], options()), ([], options()), (ALL, options(tags=["x"]))])
def test_a_run_without_user_classes_is_a_usage_error_that_lists_them(picked, asked):
    with pytest.raises(UsageError, match=r"own: .*guest, returning"):
        selected_user_classes(picked, LOAD, asked)


def test_the_scenario_gives_the_weights():
    set_weights([GUEST, RETURNING], LOAD)
    assert (GUEST.weight, RETURNING.weight) == (5.0, 3.0)


def test_only_allowed_hosts_are_loaded_and_a_password_in_one_is_never_repeated():
    refuse_host("", ())
    refuse_host("http://127.0.0.1:8000", ())
    refuse_host("https://shop.example", ("shop.example",))
    with pytest.raises(UsageError, match=r"--host https://shop\.example: shop\.example is not this machine"):
        refuse_host("https://shop.example", ())
    with pytest.raises(UsageError) as refused:
        refuse_host("https://ada:swordfish@shop.example", ("shop.example",))
    assert "swordfish" not in str(refused.value)


def test_results_need_a_folder_that_exists_or_can_be_made(tmp_path):
    refuse_results(str(tmp_path / "new" / "deep"), Path("results"))
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="not a folder"):
        refuse_results(str(tmp_path / "file" / "below"), Path("results"))
    with pytest.raises(UsageError, match="is not writable"):
        refuse_results("/proc/nowhere", Path("results"))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (Path.mkdir, "it is a folder; name a file"),
        (os.mkfifo, "it is a pipe or socket; name a file"),
        (None, "is not a folder; name another place"),
    ],
)
def test_a_journey_log_that_cannot_be_written_is_refused(tmp_path, made, said):
    place = tmp_path / "log"
    if made is None:
        place.write_text("")
        place /= "below"
    else:
        made(place)
    with pytest.raises(UsageError, match=re.escape(f"--journey-log {place}: ") + f".*{said}"):
        refuse_journey_log(str(place))


@pytest.mark.parametrize("place", ["", "log.jsonl", "deep/log.jsonl", "/dev/null"])
def test_a_journey_log_goes_where_a_file_can_be_written(tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    refuse_journey_log(place)
    assert list(tmp_path.iterdir()) == []


def test_rebalancing_is_refused():
    with pytest.raises(UsageError, match="leave the option out"):
        refuse_rebalancing(SimpleNamespace(enable_rebalancing=True))
    refuse_rebalancing(SimpleNamespace(enable_rebalancing=False))


@pytest.mark.parametrize(("users", "ramp", "refused"), [(40, None, False), (40, 0.02, False), (3600, 1.0, False), (3601, 1.0, True),
                                                        (1, 1e-300, True), (40, 1e-9, True)])  # fmt: skip
def test_a_ramp_that_takes_too_long_is_refused(users, ramp, refused):
    workload = FakeWorkload(users=users)
    if not refused:
        refuse_slow_ramp(workload, ramp)
        return
    with pytest.raises(UsageError, match=r"--spawn-rate .* over an hour; .* or more"):
        refuse_slow_ramp(workload, ramp)


@pytest.mark.parametrize(
    "host",
    [
        "http://ada:hunter2@x.example",
        "http://x.example/hunter2",
        "http://x.example?key=hunter2",
        "http://x.example#hunter2",
    ],
)
def test_a_possible_secret_in_a_host_is_not_repeated(host):
    with pytest.raises(UsageError) as error:
        refuse_host(host, ())
    assert "--host" in str(error.value)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"host": ""}, "give the other one with --host"),
        ({"host": "http://127.0.0.1:2/"}, "is the same host as --host"),
        ({"candidate": "http://shop.example.com"}, "--candidate http://shop.example.com: "),
        ({"processes": 2}, "leave out --processes"),
        ({"headless": False}, "add --headless"),
    ],
)
def test_a_second_host_needs_a_first_one_and_a_single_process(changed, says):
    asked = {"host": "http://127.0.0.1:1", "candidate": "http://127.0.0.1:2", "processes": None, "master": False}
    refuse_candidate(SimpleNamespace(**asked, worker=False, headless=True), LOAD)
    with pytest.raises(UsageError, match=re.escape(says)):
        refuse_candidate(SimpleNamespace(**{**asked, "worker": False, "headless": True, **changed}), LOAD)
