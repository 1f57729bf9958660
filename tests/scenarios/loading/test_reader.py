"""Wrong scenario files are refused with every problem at once."""

import pytest

from scenarios.loading.files import scenario_names
from scenarios.loading.overrides import apply_overrides
from scenarios.loading.reader import read_scenario
from scenarios.schema.problems import ABSENT, ScenarioError

OBJECTIVE = 'objectives = ["journey failures < 1%"]\n'


OPEN = '[arrivals]\nrate = "10/s"\nduration = "1m"\n'


def test_all_problems_are_reported_at_once_with_key_value_expectation_and_remedy(complaints):
    found = complaints("""
        seed = -3
        colour = "x"
        objectives = ["page.BinNumberPag response_time p95 < 300ms", "jurney failures < 3%"]
        [arrivals]
        proces = "poisson"
        process = "poison"
        warm_up = "5 sek"
        stages = [{ duration = "40s", rate = "30/s" }, { duration = 3, from = "20" }, { rate = 3 }]
        [closed]
        users = "x"
        [journeys]
        gest = 3
        [payments]
        credit_cart = 30
        gpay = -1
        [payments.minimum]
        masterpas = 3
        [sms]
        rigth = 1
        share = 50
        [think.pages]
        BinNumber = 3
        [target]
        allowed = ["http://x"]
        verify_tls = "yes"
        [external]
        mode = "folow"
        [stop]
        rules = ["failures > 50%"]
        [shop]
        worker = 3
        [shop.service]
        default = "3 sec"
        [[shop.faults]]
        name = "wrong_pag"
        [conduct]
        fallback = "masterpas"
        [accounts]
        file = "nowhere.csv"
    """)
    assert set(found) == {
        "seed",
        "colour",
        "objectives[0]",
        "objectives[1]",
        "arrivals",
        "arrivals.proces",
        "arrivals.process",
        "arrivals.warm_up",
        "arrivals.stages[1].from",
        "arrivals.stages[1].to",
        "arrivals.stages[2].duration",
        "closed.users",
        "closed.duration",
        "journeys.gest",
        "payments.credit_cart",
        "payments.gpay",
        "payments.minimum.masterpas",
        "sms.rigth",
        "sms.share",
        "think.pages.BinNumber",
        "target.allowed[0]",
        "target.verify_tls",
        "external.mode",
        "stop.rules[0]",
        "shop.worker",
        "shop.service.default",
        "shop.faults[0].name",
        "conduct.fallback",
        "accounts.file",
    }
    card = found["payments.credit_cart"]
    assert (card.value, card.remedy) == (30, "did you mean `credit_card`?")
    assert card.expected.startswith("a payment option: credit_card, funds_transfer")
    assert found["arrivals.process"].expected == '"poisson" or "uniform"'
    assert found["arrivals.process"].remedy == "did you mean `poisson`?"
    assert found["arrivals.proces"].remedy == "did you mean `process`?"
    assert found["arrivals.stages[1].from"].remedy == 'write "20/s", or "20/min"'
    assert found["sms.share"].remedy == 'write "50%" if you mean a percentage'
    assert found["closed.duration"].value is ABSENT
    assert found["shop.worker"].remedy == "did you mean `workers`?"
    assert "wrong_page" in found["shop.faults[0].name"].remedy
    assert "BinNumberPage" in found["objectives[0]"].remedy
    assert "journey" in found["objectives[1]"].remedy
    assert found["think.pages.BinNumber"].remedy == "did you mean `BinNumberPage`?"


def test_no_message_mentions_python_or_pydantic(complaints):
    found = complaints("""
        description = 3
        cover = 1
        seed = 1.5
        objectives = "journey failures < 1%"
        journeys = 3
        [arrivals]
        rate = 2000-01-01
        duration = [1]
        stages = { duration = "1s" }
        users = 1.5
        [think]
        sigma = nan
        [payments]
        gpay = "much"
        minimum = 3
        [[sms]]
        share = 1
    """)
    for problem in found.values():
        words = str(problem).lower()
        assert not any(word in words for word in ("pydantic", "instance", "dict", "tuple", "int ", "input")), words
    assert found["cover"].expected == "true or false"
    assert found["seed"].expected == "a whole number"
    assert found["description"].expected == "a text in quotes"
    assert found["journeys"].expected == "a table"
    assert found["sms"].expected == "a table"
    assert found["objectives"].expected == "a list"


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        (OBJECTIVE, "arrivals", "exactly one"),
        (OPEN, "objectives", "at least one"),
        ("objectives = []\n" + OPEN, "objectives", "at least one"),
        (OBJECTIVE + '[arrivals]\nrate = "1/s"\n', "arrivals.duration", "either `stages`"),
        (OBJECTIVE + '[arrivals]\nstages = [{duration="1s",rate=1}]\nrate = 3', "arrivals.rate", "no `rate` together"),
        (OBJECTIVE + '[arrivals]\nstages = [{duration="1s",rate=1,to=3}]', "arrivals.stages[0].to", "either `rate`"),
        (OBJECTIVE + '[arrivals]\nstages = [{duration="1s"}]', "arrivals.stages[0].rate", "either `rate`"),
        (OBJECTIVE + '[arrivals]\nstages = [{duration="1s",rate=0}]', "arrivals.stages", "a rate above 0"),
        (OBJECTIVE + OPEN + 'warm_up = "1m"', "arrivals.warm_up", "less than the 60 s of the profile"),
        (OBJECTIVE + '[arrivals]\nrate="201/s"\nduration=9', "arrivals.rate", "target.highest_rate, 200/s"),
        (
            OBJECTIVE + '[arrivals]\nstages=[{duration=1,from=0,to="11/s"}]\n[target]\nhighest_rate="10/s"',
            "arrivals.stages[0].to",
            "target.highest_rate, 10/s",
        ),
        (OBJECTIVE + OPEN + "users = 2001", "arrivals.users", "target.most_users, 2000"),
        (OBJECTIVE + "[closed]\nusers = 2001\nduration=9000\nwarm_up=999", "closed.users", "target.most_users, 2000"),
        (OBJECTIVE + "[closed]\nusers = 20\nduration=9\nwarm_up=1", "closed.warm_up", "at least 2 s"),
        (OBJECTIVE + "[closed]\nusers = 1\nduration=9\nwarm_up=9", "closed.warm_up", "less than closed.duration"),
        (OBJECTIVE + OPEN + "[payments]\ngpay = 0", "payments", "a weight above 0"),
        (OBJECTIVE + OPEN + "[journeys]\nguest = 0", "journeys", "a weight above 0"),
        (OBJECTIVE + OPEN + "[sms]\nwrong = 0", "sms", "a weight above 0"),
        (OBJECTIVE + OPEN + "[payments.minimum]\ngpay = 601", "payments.minimum", "at most 600 in total"),
        (OBJECTIVE + OPEN + "[sms]\nshare=1\n[shop.sms]\nshare=0.5", "shop.sms.share", "the same share as sms.share"),
        (
            OBJECTIVE + OPEN + "users = 9\n[accounts]\nreturning = 8",
            "accounts.returning",
            "each of the 9 virtual users",
        ),
        (OBJECTIVE + OPEN + '[target]\nallowed=["127.1"]', "target.allowed[0]", "four decimal numbers"),
        ("cover = true\n" + OBJECTIVE + "[closed]\nusers=1\nduration=9", "cover", "no `cover` with [closed]"),
        ("cover = true\n" + OBJECTIVE + OPEN + "warm_up=1", "arrivals.warm_up", "no warm-up"),
        ("cover = true\n" + OBJECTIVE + OPEN + 'process="poisson"', "arrivals.process", "uniform"),
    ],
)
def test_conflicting_keys_are_refused(complaints, text, key, expected):
    found = complaints(text)
    assert set(found) == {key}
    assert expected in found[key].expected


def test_a_wrong_table_does_not_hide_conflicts_of_others(complaints):
    found = complaints(OBJECTIVE + OPEN + 'users = 3000\n[think]\nmedian = "long"\n[accounts]\nfile = "nowhere.csv"\n')
    assert set(found) == {"arrivals.users", "think.median", "accounts.file"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a = 1\nb = = 2\n", "line 2, column 5"),
        ("[x]\n[x]\n", "line 2, column 3"),
        ("seed = 1\nseed = 2\n", "line 2"),
        ('a = "never closed', "the end of the file"),
    ],
)
def test_a_syntax_error_is_reported_with_line_and_column(complaints, text, place):
    (key,) = complaints(text)
    assert key.startswith(place)


def test_the_error_for_an_unknown_scenario_lists_the_known_ones(tmp_path):
    for name in ("baseline", "smoke"):
        (tmp_path / f"{name}.toml").write_text(OBJECTIVE + OPEN)
    with pytest.raises(ScenarioError) as error:
        read_scenario("basline", folder=tmp_path)
    (problem,) = error.value.problems
    assert problem.expected == "baseline or smoke, or the path of a TOML file"
    assert problem.remedy == "did you mean `baseline`?"


def test_a_name_cannot_leave_the_folder(tmp_path):
    (tmp_path / "own.toml").write_text(OBJECTIVE + OPEN)
    (tmp_path / "inner").mkdir()
    with pytest.raises(ScenarioError):
        read_scenario("..", folder=tmp_path / "inner")


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_an_error_of_the_scenario(tmp_path, content):
    path = tmp_path / "own.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ScenarioError, match="a readable TOML file"):
        read_scenario(str(path))


def test_scenarios_are_listed_by_name(tmp_path):
    for name in ("b.toml", "a.toml", "c.txt"):
        (tmp_path / name).touch()
    assert scenario_names(tmp_path) == ["a", "b"]


def test_a_closed_load_has_no_objectives_for_dropped_arrivals(complaints):
    closed = '[closed]\nusers = 1\nspawn_rate = "1/s"\nduration = "10s"\n'
    assert "objectives[1]" in complaints('objectives = ["journey failures < 1%", "dropped < 1%"]\n' + closed)


def test_an_error_in_an_objective_is_shown_as_a_problem(complaints):
    (problem,) = complaints('objectives = ["page.NoSuchPage failures < 1%"]\n' + OPEN).values()
    assert "problem:" in str(problem)
    assert "expected:" not in str(problem)


def test_a_long_think_time_without_a_unit_is_asked_about(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text("[arrivals]\nrate = 1\nduration = 9\n[think]\nmedian = 150\n[think.pages]\nIndexPage = 31.5\n")
    with pytest.raises(ScenarioError) as error:
        read_scenario(str(path))
    for words in ('write "150ms" or "150s"', 'write "31.5ms" or "31.5s"', "objectives"):
        assert words in str(error.value)


@pytest.mark.parametrize("time", ["30", "0.5", '"60s"', '"150ms"'])
def test_a_short_think_time_or_one_with_a_unit_is_read(tmp_path, time):
    path = tmp_path / "own.toml"
    path.write_text(
        f'objectives = ["journey failures < 1%"]\n[arrivals]\nrate = 1\nduration = "99s"\n[think]\nmedian = {time}\n'
    )
    scenario = read_scenario(str(path))
    assert apply_overrides(scenario, {"seed": "5"}).think.median == scenario.think.median
