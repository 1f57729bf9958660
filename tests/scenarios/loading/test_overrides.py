import pytest

from scenarios.loading.overrides import OPTIONS, apply_overrides
from scenarios.loading.reader import build_scenario
from scenarios.schema.problems import ScenarioError
from shop.contract import PAYMENT_OPTIONS

OBJECTIVES = ["journey failures < 1%"]


def scenario(**tables):
    given = {
        "objectives": OBJECTIVES,
        "arrivals": {
            "warm_up": 2,
            "stages": [{"duration": 10, "rate": 5}, {"duration": 10, "from": 5, "to": 15}],
        },
        **tables,
    }
    return build_scenario({key: value for key, value in given.items() if value is not None}, name="own")


def closed(**tables):
    return scenario(arrivals=None, closed={"users": 10, "duration": 20, "warm_up": 2}, **tables)


def refused(chosen, **choices):
    with pytest.raises(ScenarioError) as error:
        apply_overrides(chosen, choices)
    assert "own with your options" in str(error.value)
    return [(problem.key, problem.value) for problem in error.value.problems]


def test_without_options_the_scenario_stays_the_same():
    plain = scenario()
    nothing = dict.fromkeys(OPTIONS, None)
    assert apply_overrides(plain, nothing) == plain
    assert apply_overrides(plain, dict.fromkeys(OPTIONS, "") | {"allow_target": (), "verify_tls": None}) == plain


def test_the_scenario_itself_is_never_changed():
    plain = scenario(payments={"gpay": 1})
    before = plain.as_asked()
    apply_overrides(plain, {"payment_mix": "masterpass=1", "duration": "40s", "sms_share": "1", "seed": "9"})
    assert plain.as_asked() == before


def test_a_payment_mix_replaces_that_of_the_scenario():
    chosen = apply_overrides(
        scenario(payments={"pay_later": 5, "minimum": {"gpay": 4, "pay_later": 4}}),
        {"payment_mix": "credit_card=3, gpay=0.5,masterpass"},
    )
    assert chosen.mix.payments == {"credit_card": 3.0, "gpay": 0.5, "masterpass": 1.0}
    assert chosen.mix.minimum == {"gpay": 4}


def test_a_payment_mix_with_cover_excludes_other_options():
    cover = build_scenario({"objectives": OBJECTIVES, "cover": True, "arrivals": {"rate": 5}}, name="own")
    chosen = apply_overrides(cover, {"payment_mix": "gpay,masterpass"})
    wanted = {option for option, weight in chosen.mix.payments.items() if weight}
    assert wanted == {"gpay", "masterpass"}
    assert len(chosen.mix.payments) == len(PAYMENT_OPTIONS)


def test_a_rate_lasts_as_long_as_the_scenario():
    chosen = apply_overrides(scenario(), {"arrival_rate": "600/min"})
    (stage,) = chosen.profile().stages
    assert (stage.duration, stage.rate_from, stage.rate_to) == (20.0, 10.0, 10.0)


def test_a_duration_stretches_the_profile_and_keeps_its_shape():
    chosen = apply_overrides(scenario(), {"duration": 60.0})
    assert [(stage.duration, stage.rate_from, stage.rate_to) for stage in chosen.profile().stages] == [
        (30.0, 5.0, 5.0),
        (30.0, 5.0, 15.0),
    ]
    assert (chosen.warm_up, chosen.steady) == (2.0, 58.0)


def test_a_rate_and_a_duration_make_a_constant_profile():
    chosen = apply_overrides(scenario(), {"duration": "1m", "arrival_rate": "7/s"})
    (stage,) = chosen.profile().stages
    assert (stage.duration, stage.rate_from) == (60.0, 7.0)


def test_guaranteed_journeys_shrink_with_the_run():
    chosen = apply_overrides(scenario(payments={"minimum": {"gpay": 60, "pay_later": 30}}), {"arrival_rate": "3/s"})
    assert chosen.mix.minimum == {"gpay": 40, "pay_later": 20}


def test_other_options_set_their_keys():
    chosen = apply_overrides(
        scenario(target={"allowed": ["a.example.com"]}, shop={"sms": {"share": 0.9}}),
        {
            "sms_share": "50%",
            "users": "77",
            "seed": "0",
            "think_scale": "0.5",
            "allow_target": ("b.example.com",),
            "verify_tls": False,
        },
    )
    assert chosen.shop_settings.sms.share == 0.5
    assert (chosen.users, chosen.seed, chosen.think.scale) == (77, 0, 0.5)
    assert chosen.target.allowed == ("a.example.com", "b.example.com")
    assert chosen.target.verify_tls is False


def test_certificate_checks_that_the_file_disables_stay_disabled():
    assert apply_overrides(scenario(target={"verify_tls": False}), {"verify_tls": True}).target.verify_tls is False


def test_a_closed_load_takes_users_and_duration_but_no_rate():
    chosen = apply_overrides(closed(), {"users": 20, "duration": "1m"})
    assert (chosen.users, chosen.duration) == (20, 60.0)
    assert refused(closed(), arrival_rate="5/s") == [("--arrival-rate", "5/s")]


def test_all_wrong_options_are_reported_at_once_by_name():
    assert refused(
        scenario(),
        payment_mix="gpay=3,credit_cart=3,gpay=x,masterpass=-1",
        sms_share="50",
        arrival_rate="fast",
        users="0",
        duration="2s",
        seed="-7",
        think_scale="slow",
        allow_target=("http://q",),
    ) == [
        ("--payment-mix", "credit_cart=3"),
        ("--payment-mix", "gpay=x"),
        ("--payment-mix", "gpay=x"),
        ("--payment-mix", "masterpass=-1"),
        ("--sms-share", "50"),
        ("--arrival-rate", "fast"),
        ("--users", "0"),
        ("--run-time", "2s"),
        ("--seed", "-7"),
        ("--think-scale", "slow"),
        ("--allow-target", ("http://q",)),
    ]


def test_a_misspelled_payment_option_gets_a_suggestion():
    with pytest.raises(ScenarioError, match="did you mean `credit_card`"):
        apply_overrides(scenario(), {"payment_mix": "credit_cart=1"})


def test_a_conflict_caused_by_an_option_is_reported_under_its_name():
    assert refused(scenario(), arrival_rate="201/s", users=3000, think_scale="101", payment_mix="gpay=0") == [
        ("--think-scale", 101.0),
        ("--arrival-rate", "201/s"),
        ("--users", 3000),
        ("--payment-mix", {"gpay": 0.0}),
    ]


def test_users_and_seeds_must_be_whole_numbers():
    assert refused(scenario(), users=1.5, seed="2.5") == [("--users", 1.5), ("--seed", "2.5")]


def test_a_scenario_with_cover_takes_no_duration():
    cover = build_scenario({"objectives": OBJECTIVES, "cover": True, "arrivals": {"rate": 5}}, name="own")
    assert refused(cover, duration="9s") == [("--run-time", "9s")]
    assert apply_overrides(cover, {"arrival_rate": "2/s"}).profile().peak_rate == 2.0


def test_an_unknown_choice_raises_a_type_error():
    with pytest.raises(TypeError, match="paymentmix"):
        apply_overrides(scenario(), {"paymentmix": "gpay"})


def test_objectives_for_excluded_payment_options_are_skipped_and_named():
    asked = scenario(objectives=["orders[payment=gpay] count >= 1", "orders[payment=masterpass] count >= 1"])
    chosen = apply_overrides(asked, {"payment_mix": "gpay=1"})
    assert [objective.text for objective in chosen.objectives] == ["orders[payment=gpay] count >= 1"]
    assert chosen.skipped_objectives == ("orders[payment=masterpass] count >= 1",)


def test_objectives_for_the_sms_path_are_skipped_without_codes():
    asked = scenario(
        objectives=[*OBJECTIVES, "page.VerifySmsPage response_time p95 < 1s", "orders[verification=right] count >= 1"]
    )
    for choice in ({"sms_share": "0"}, {"payment_mix": "gpay"}):
        assert len(apply_overrides(asked, choice).skipped_objectives) == 2
    assert apply_overrides(asked, {"payment_mix": "pay_on_delivery", "sms_share": "1%"}).skipped_objectives == ()


def test_an_objective_for_a_rate_is_skipped_only_below_the_scenario_rate():
    asked = scenario(objectives=[*OBJECTIVES, "orders rate > 4/s"])
    assert apply_overrides(asked, {"arrival_rate": "5/s"}).skipped_objectives == ("orders rate > 4/s",)
    assert apply_overrides(asked, {"arrival_rate": "20/s"}).skipped_objectives == ()


def test_an_objective_that_the_file_cannot_meet_is_not_skipped():
    asked = scenario(payments={"gpay": 1}, objectives=[*OBJECTIVES, "orders[payment=masterpass] count >= 1"])
    assert apply_overrides(asked, {"seed": 3}).skipped_objectives == ()


def test_options_that_leave_no_objective_are_refused():
    asked = scenario(objectives=["orders[payment=gpay] count >= 1"])
    assert [key for key, _ in refused(asked, payment_mix="masterpass")] == ["objectives"]


def test_a_search_refuses_rate_and_duration_and_names_the_alternative():
    searched = scenario(objectives=["journey response_time p95 < 4s"], arrivals={}, capacity={"start": 5, "most": 50})
    with pytest.raises(ScenarioError) as error:
        apply_overrides(searched, {"arrival_rate": "10/s", "duration": "30s"})
    said = {problem.key: (problem.expected, problem.remedy) for problem in error.value.problems}
    assert set(said) == {"--arrival-rate", "--run-time"}
    expected, remedy = said["--arrival-rate"]
    assert "the search sets the rate" in expected
    assert "capacity.start" in remedy
    assert "capacity.most" in remedy
    assert "--budget" in said["--run-time"][1]
