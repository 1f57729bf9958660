import pytest

from scenarios.loading.overrides import OPTIONS, apply_overrides
from scenarios.loading.reader import build_scenario
from scenarios.schema.problems import ScenarioError
from shop.contract import PAYMENT_OPTIONS

DEMANDS = ["journey failures < 1%"]


def scenario(**tables):
    given = {
        "objectives": DEMANDS,
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


def test_no_choice_leaves_the_scenario_as_it_is():
    plain = scenario()
    nothing = dict.fromkeys(OPTIONS, None)
    assert apply_overrides(plain, nothing) == plain
    assert apply_overrides(plain, dict.fromkeys(OPTIONS, "") | {"allow_target": (), "verify_tls": None}) == plain


def test_the_scenario_itself_is_never_changed():
    plain = scenario(payments={"gpay": 1})
    before = plain.as_asked()
    apply_overrides(plain, {"payment_mix": "masterpass=1", "duration": "40s", "sms_share": "1", "seed": "9"})
    assert plain.as_asked() == before


def test_a_payment_mix_takes_the_place_of_the_scenarios():
    chosen = apply_overrides(
        scenario(payments={"pay_later": 5, "minimum": {"gpay": 4, "pay_later": 4}}),
        {"payment_mix": "credit_card=3, gpay=0.5,masterpass"},
    )
    assert chosen.mix.payments == {"credit_card": 3.0, "gpay": 0.5, "masterpass": 1.0}
    assert chosen.mix.minimum == {"gpay": 4}


def test_a_payment_mix_over_a_cover_leaves_the_others_out():
    cover = build_scenario({"objectives": DEMANDS, "cover": True, "arrivals": {"rate": 5}}, name="own")
    chosen = apply_overrides(cover, {"payment_mix": "gpay,masterpass"})
    wanted = {option for option, weight in chosen.mix.payments.items() if weight}
    assert wanted == {"gpay", "masterpass"}
    assert len(chosen.mix.payments) == len(PAYMENT_OPTIONS)


def test_a_rate_holds_for_as_long_as_the_scenario_lasts():
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


def test_a_rate_and_a_duration_make_one_flat_profile():
    chosen = apply_overrides(scenario(), {"duration": "1m", "arrival_rate": "7/s"})
    (stage,) = chosen.profile().stages
    assert (stage.duration, stage.rate_from) == (60.0, 7.0)


def test_promises_to_rare_options_shrink_with_the_run():
    chosen = apply_overrides(scenario(payments={"minimum": {"gpay": 60, "pay_later": 30}}), {"arrival_rate": "3/s"})
    assert chosen.mix.minimum == {"gpay": 40, "pay_later": 20}


def test_everything_else_goes_where_it_belongs():
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


def test_certificates_switched_off_in_the_file_stay_so():
    assert apply_overrides(scenario(target={"verify_tls": False}), {"verify_tls": True}).target.verify_tls is False


def test_of_a_closed_load_users_and_duration_can_be_chosen_and_a_rate_cannot():
    chosen = apply_overrides(closed(), {"users": 20, "duration": "1m"})
    assert (chosen.users, chosen.duration) == (20, 60.0)
    assert refused(closed(), arrival_rate="5/s") == [("--arrival-rate", "5/s")]


def test_all_wrong_choices_are_told_at_once_each_under_its_option():
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


def test_a_misspelt_option_is_guessed():
    with pytest.raises(ScenarioError, match="did you mean `credit_card`"):
        apply_overrides(scenario(), {"payment_mix": "credit_cart=1"})


def test_what_a_choice_makes_wrong_elsewhere_is_told_under_the_option_too():
    assert refused(scenario(), arrival_rate="201/s", users=3000, think_scale="101", payment_mix="gpay=0") == [
        ("--think-scale", 101.0),
        ("--arrival-rate", "201/s"),
        ("--users", 3000),
        ("--payment-mix", {"gpay": 0.0}),
    ]


def test_fractions_are_no_users_and_no_seeds():
    assert refused(scenario(), users=1.5, seed="2.5") == [("--users", 1.5), ("--seed", "2.5")]


def test_a_cover_takes_no_duration():
    cover = build_scenario({"objectives": DEMANDS, "cover": True, "arrivals": {"rate": 5}}, name="own")
    assert refused(cover, duration="9s") == [("--run-time", "9s")]
    assert apply_overrides(cover, {"arrival_rate": "2/s"}).profile().peak_rate == 2.0


def test_an_unknown_choice_is_a_mistake_of_the_program():
    with pytest.raises(TypeError, match="paymentmix"):
        apply_overrides(scenario(), {"paymentmix": "gpay"})


def test_demands_on_options_nobody_pays_with_any_more_are_set_aside_and_named():
    asked = scenario(objectives=["orders[payment=gpay] count >= 1", "orders[payment=masterpass] count >= 1"])
    chosen = apply_overrides(asked, {"payment_mix": "gpay=1"})
    assert [objective.text for objective in chosen.objectives] == ["orders[payment=gpay] count >= 1"]
    assert chosen.skipped_objectives == ("orders[payment=masterpass] count >= 1",)


def test_demands_on_the_sms_path_are_set_aside_when_no_code_is_asked_for():
    asked = scenario(
        objectives=[*DEMANDS, "page.VerifySmsPage response_time p95 < 1s", "orders[verification=right] count >= 1"]
    )
    for choice in ({"sms_share": "0"}, {"payment_mix": "gpay"}):
        assert len(apply_overrides(asked, choice).skipped_objectives) == 2
    assert apply_overrides(asked, {"payment_mix": "pay_on_delivery", "sms_share": "1%"}).skipped_objectives == ()


def test_a_demanded_rate_is_set_aside_only_below_the_scenarios_own():
    asked = scenario(objectives=[*DEMANDS, "orders rate > 4/s"])
    assert apply_overrides(asked, {"arrival_rate": "5/s"}).skipped_objectives == ("orders rate > 4/s",)
    assert apply_overrides(asked, {"arrival_rate": "20/s"}).skipped_objectives == ()


def test_a_demand_that_never_made_sense_is_not_quietly_set_aside():
    asked = scenario(payments={"gpay": 1}, objectives=[*DEMANDS, "orders[payment=masterpass] count >= 1"])
    assert apply_overrides(asked, {"seed": 3}).skipped_objectives == ()


def test_a_choice_that_leaves_no_demand_is_refused():
    asked = scenario(objectives=["orders[payment=gpay] count >= 1"])
    assert [key for key, _ in refused(asked, payment_mix="masterpass")] == ["objectives"]


def test_a_search_sets_rate_and_end_itself_and_says_what_to_choose_instead():
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
