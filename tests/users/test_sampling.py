"""Journeys are drawn repeatably, in proportion to their weights, with all guarantees kept."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest
from scipy.stats import chisquare

from shop.contract import PAYMENT_OPTIONS
from users.journeys.catalogue import JOURNEYS
from users.population.journey_spec import JourneyMix, SmsScript
from users.sampling import JourneySampler

ALL_JOURNEYS = {"guest": 5.0, "returning": 3.0, "first_time": 1.0, "abandoning": 1.0}
MIX = JourneyMix(
    journeys=ALL_JOURNEYS,
    payments={"credit_card": 60, "funds_transfer": 25, "pay_on_delivery": 15, "gpay": 0},
    sms={SmsScript.RIGHT: 0.8, SmsScript.WRONG: 0.15, SmsScript.RESEND: 0.05},
    three_d=0.3,
    declined=0.1,
)
DRAWS = 10_000


def draws(sampler, number=DRAWS):
    return [sampler.spec_for(n) for n in range(number)]


def fits(counted, weights):
    names = [name for name, weight in weights.items() if weight > 0]
    whole = sum(weights.values())
    drawn = [counted[name] for name in names]
    return chisquare(drawn, [weights[name] / whole * sum(drawn) for name in names]).pvalue > 0.001


def test_the_same_seed_draws_the_same_journeys_in_any_order():
    forwards = draws(JourneySampler(MIX, 7), 200)
    sampler = JourneySampler(MIX, 7)
    assert forwards == [sampler.spec_for(n) for n in reversed(range(200))][::-1]
    assert forwards != draws(JourneySampler(MIX, 8), 200)
    assert draws(JourneySampler(MIX, 7), 50) != draws(JourneySampler(MIX, -7), 50)


def test_another_process_draws_the_same_journeys():
    code = (
        "from users.population.journey_spec import JourneyMix; from users.sampling import JourneySampler;"
        "c = JourneySampler(JourneyMix({'guest': 1, 'returning': 1}, {'gpay': 1, 'pay_later': 1}), 3);"
        "print([c.spec_for(n) for n in range(30)])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    sampler = JourneySampler(JourneyMix({"guest": 1, "returning": 1}, {"gpay": 1, "pay_later": 1}), 3)
    assert output.strip() == str(draws(sampler, 30))


def test_proportions_are_those_of_the_mix():
    drawn = draws(JourneySampler(MIX, 1))
    assert fits(Counter(one.journey for one in drawn), MIX.journeys)
    assert fits(Counter(one.payment_option for one in drawn), MIX.payments)
    assert fits(Counter(one.sms for one in drawn), MIX.sms)
    cards = [one for one in drawn if one.payment_option == "credit_card"]
    assert fits(Counter(one.three_d for one in cards), {True: 0.3, False: 0.7})
    assert fits(Counter(one.declined for one in cards), {True: 0.1, False: 0.9})


def test_journey_and_option_are_drawn_independently():
    drawn = draws(JourneySampler(MIX, 1))
    guests = [one for one in drawn if one.journey == "guest"]
    assert fits(Counter(one.payment_option for one in guests), MIX.payments)


def test_a_weight_of_zero_is_never_drawn():
    drawn = draws(JourneySampler(MIX, 2))
    assert {one.payment_option for one in drawn} == {"credit_card", "funds_transfer", "pay_on_delivery"}
    assert {one.sms for one in drawn} == set(MIX.sms)


def test_only_cards_are_declined_or_3d_secure():
    for one in draws(JourneySampler(MIX, 3), 2000):
        assert one.payment_option == "credit_card" or not (one.three_d or one.declined)


def test_numbers_and_seeds_tell_journeys_apart():
    drawn = draws(JourneySampler(MIX, 3))
    assert [one.number for one in drawn] == list(range(DRAWS))
    assert len({one.seed for one in drawn}) == DRAWS


GUARANTEED = JourneyMix(
    ALL_JOURNEYS, {"credit_card": 99, "gpay": 1}, minimum={"gpay": 7, "masterpass": 5, "pay_later": 1}
)


@pytest.mark.parametrize("total", [13, 14, 40, 1000])
@pytest.mark.parametrize("seed", range(5))
def test_a_minimum_is_reached_in_a_run_of_known_length(total, seed):
    drawn = draws(JourneySampler(GUARANTEED, seed, total), total)
    stays = Counter(one.payment_option for one in drawn if one.journey != "abandoning")
    assert all(stays[option] >= least for option, least in GUARANTEED.minimum.items())


def test_guaranteed_journeys_are_spread_over_a_run_of_known_length():
    drawn = draws(JourneySampler(GUARANTEED, 1, 1000), 1000)
    places = [one.number for one in drawn if one.payment_option == "masterpass"]
    assert len(places) == 5
    gaps = [after - before for before, after in zip([0, *places], [*places, 1000], strict=True)]
    assert max(gaps) < 400


def test_guaranteed_journeys_come_first_in_a_run_of_unknown_length():
    early = Counter(one.payment_option for one in draws(JourneySampler(GUARANTEED, 1), 26))
    assert early["masterpass"] == 5
    assert early["gpay"] >= 7
    assert early["credit_card"] >= 10


def test_a_minimum_does_not_add_to_an_option_that_comes_often_anyway():
    mix = JourneyMix(ALL_JOURNEYS, {"credit_card": 50, "gpay": 50}, minimum={"gpay": 2000})
    drawn = draws(JourneySampler(mix, 1, DRAWS))
    assert fits(Counter(one.payment_option for one in drawn), mix.payments)


def test_a_minimum_overrides_a_weight_of_zero():
    mix = JourneyMix(ALL_JOURNEYS, {"credit_card": 1, "gpay": 0}, minimum={"gpay": 3})
    assert Counter(one.payment_option for one in draws(JourneySampler(mix, 1, 100), 100))["gpay"] == 3


def test_only_active_journeys_come_with_their_weights_kept_in_proportion():
    drawn = draws(JourneySampler(MIX, 4, active=["returning", "first_time"]))
    assert fits(Counter(one.journey for one in drawn), {"returning": 3, "first_time": 1})
    assert {one.journey for one in drawn} == {"returning", "first_time"}


def test_under_closed_load_each_kind_of_journey_has_its_own_numbers():
    sampler = JourneySampler(MIX, 5)
    drawn = [sampler.spec_of_journey(journey, n) for n in range(500) for journey in JOURNEYS]
    assert all(one.journey == journey for one, journey in zip(drawn, list(JOURNEYS) * 500, strict=True))
    assert len({one.number for one in drawn}) == len(drawn)
    guests = [sampler.spec_of_journey("guest", n) for n in range(4000)]
    assert fits(Counter(one.payment_option for one in guests), MIX.payments)
    assert sampler.spec_of_journey("guest", 9) == JourneySampler(MIX, 5).spec_of_journey("guest", 9)


def test_closed_load_reaches_the_minimum_by_the_most_frequent_journey():
    sampler = JourneySampler(GUARANTEED, 1)
    drawn = Counter(sampler.spec_of_journey("guest", n).payment_option for n in range(26))
    assert drawn["gpay"] >= 7
    assert (drawn["masterpass"], drawn["pay_later"]) == (5, 1)
    assert {sampler.spec_of_journey("returning", n).payment_option for n in range(26)} <= {"credit_card", "gpay"}


def test_closed_load_of_an_inactive_kind_is_refused():
    with pytest.raises(ValueError, match="'guest' is not among the active"):
        JourneySampler(MIX, 1, active=["returning"]).spec_of_journey("guest", 0)


@pytest.mark.parametrize(
    ("mix", "more", "said"),
    [
        (JourneyMix({"gest": 1}, {"gpay": 1}), {}, "journeys.gest"),
        (JourneyMix({"guest": 1}, {"gpai": 1}), {}, "payments.gpai"),
        (JourneyMix({"guest": 1}, {"gpay": 1}, minimum={"gpai": 1}), {}, "minimum.gpai"),
        (JourneyMix({"guest": -1}, {"gpay": 1}), {}, "journeys.guest is -1"),
        (JourneyMix({"guest": 1}, {"gpay": float("nan")}), {}, "payments.gpay is nan"),
        (JourneyMix({"guest": 1}, {"gpay": float("inf")}), {}, "payments.gpay is inf"),
        (JourneyMix({"guest": 1}, {"gpay": 1}, three_d=1.5), {}, "three_d is 1.5"),
        (JourneyMix({"guest": 0}, {"gpay": 1}), {}, "journeys: none"),
        (JourneyMix({"guest": 1}, {"gpay": 0}), {}, "payments: no option"),
        (JourneyMix({"guest": 1}, {"gpay": 1}, sms={}), {}, "sms: no script"),
        (JourneyMix({"guest": 1}, {"gpay": 1}), {"active": ["returning"]}, "none of the active ones"),
        (JourneyMix({"guest": 1}, {"gpay": 1}), {"active": []}, "no journey is active"),
        (JourneyMix({"guest": 1}, {"gpay": 1}), {"active": ["guests"]}, "journeys.guests"),
        (
            JourneyMix({"guest": 1}, {"gpay": 1}, minimum={"gpay": 9}),
            {"total": 8},
            "9 journeys are guaranteed, the run has 8",
        ),
    ],
)
def test_an_invalid_mix_is_rejected(mix, more, said):
    with pytest.raises(ValueError, match=said):
        JourneySampler(mix, 1, **more)


def test_all_errors_of_a_mix_are_listed():
    with pytest.raises(ValueError, match=r"journeys\.gest(.|\n)*payments\.gpai(.|\n)*declined"):
        JourneySampler(JourneyMix({"gest": 1}, {"gpai": 1}, declined=2), 1)


COVER = JourneyMix({}, {}, cover=True)


def test_cover_runs_everything_exactly_once():
    rows = JourneySampler(COVER, 1).coverage_specs
    plain = [row.payment_option for row in rows if row.journey != "abandoning" and _is_plain(row)]
    assert plain == list(PAYMENT_OPTIONS)
    scripts = [row.sms for row in rows if row.payment_option == "pay_on_delivery" and row.journey != "abandoning"]
    assert sorted(scripts) == sorted(SmsScript)
    assert sum(row.three_d for row in rows) == sum(row.declined for row in rows) == 1
    assert {row.journey for row in rows} == set(JOURNEYS)
    assert sum(row.journey == "abandoning" for row in rows) == 1
    assert len(rows) == len(PAYMENT_OPTIONS) + 4 + 2 + 1


def _is_plain(row):
    return row.sms is SmsScript.RIGHT and not (row.three_d or row.declined)


def test_cover_runs_in_order_and_starts_again():
    sampler = JourneySampler(COVER, 1)
    length = len(sampler.coverage_specs)
    twice = draws(sampler, 2 * length)
    assert [one.payment_option for one in twice] == [row.payment_option for row in sampler.coverage_specs] * 2
    assert [one.number for one in twice] == list(range(2 * length))
    assert len({one.seed for one in twice}) == 2 * length


def test_cover_ignores_all_weights_except_zero():
    mix = JourneyMix({"guest": 9, "abandoning": 0}, {"gpay": 5, "credit_card": 0}, {SmsScript.LATE: 0}, cover=True)
    rows = JourneySampler(mix, 1).coverage_specs
    assert {row.journey for row in rows} == {"guest", "returning", "first_time"}
    assert "credit_card" not in {row.payment_option for row in rows}
    assert SmsScript.LATE not in {row.sms for row in rows}
    assert SmsScript.LOCKED in {row.sms for row in rows}
    assert len({row.payment_option for row in rows}) == len(PAYMENT_OPTIONS) - 1


def test_cover_can_be_limited_to_some_journeys():
    rows = JourneySampler(COVER, 1, active=["guest"]).coverage_specs
    assert {row.journey for row in rows} == {"guest"}
    assert len(rows) == len(PAYMENT_OPTIONS) + 6
    few = JourneyMix({}, {option: 0 for option in PAYMENT_OPTIONS if option != "gpay"}, cover=True)
    assert {row.journey for row in JourneySampler(few, 1).coverage_specs} == set(JOURNEYS)


def test_cover_under_closed_load_keeps_each_users_journey():
    sampler = JourneySampler(COVER, 1)
    for journey in JOURNEYS:
        assert {sampler.spec_of_journey(journey, n).journey for n in range(40)} == {journey}
    mine = [row.payment_option for row in sampler.coverage_specs if row.journey == "returning"]
    assert [sampler.spec_of_journey("returning", n).payment_option for n in range(len(mine))] == mine


@pytest.mark.parametrize("mix", [
    JourneyMix(dict.fromkeys(JOURNEYS, 0), {}, cover=True),
    JourneyMix({}, dict.fromkeys(PAYMENT_OPTIONS, 0), cover=True),
])  # fmt: skip
def test_cover_of_nothing_is_rejected(mix):
    with pytest.raises(ValueError, match="weight 0"):
        JourneySampler(mix, 1)
