"""Demands are read as they are meant, and what is wrong with one is said with its remedy."""

import pytest

from harness.objectives.model import Metric, Objective, ObjectiveError, Operator, Statistic, Subject, unknown_names
from harness.objectives.parser import parse, parse_condition


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "page.BinNumberPage response_time p95 < 300ms",
            Objective(
                Subject.PAGE,
                Metric.RESPONSE_TIME,
                Operator.LESS,
                0.3,
                "300ms",
                name="BinNumberPage",
                statistic=Statistic.PERCENTILE,
                percentile=0.95,
            ),
        ),
        (
            "page.VerifySmsPage[payment=pay_on_delivery] service_time p99.9 <= 1.5s",
            Objective(
                Subject.PAGE,
                Metric.SERVICE_TIME,
                Operator.AT_MOST,
                1.5,
                "1.5s",
                name="VerifySmsPage",
                labels=(("payment", "pay_on_delivery"),),
                statistic=Statistic.PERCENTILE,
                percentile=0.999,
            ),
        ),
        (
            "journey[payment=masterpass] failures < 0.5%",
            Objective(
                Subject.JOURNEY, Metric.FAILURES, Operator.LESS, 0.005, "0.5%", labels=(("payment", "masterpass"),)
            ),
        ),
        (
            "journey.guest failures < 1% confidence 99%",
            Objective(Subject.JOURNEY, Metric.FAILURES, Operator.LESS, 0.01, "1%", name="guest", confidence=0.99),
        ),
        (
            "journey response_time mean < 2s",
            Objective(Subject.JOURNEY, Metric.RESPONSE_TIME, Operator.LESS, 2.0, "2s", statistic=Statistic.MEAN),
        ),
        (
            "page response_time max < 1min",
            Objective(Subject.PAGE, Metric.RESPONSE_TIME, Operator.LESS, 60.0, "1min", statistic=Statistic.MAX),
        ),
        ("orders rate > 20/s", Objective(Subject.ORDERS, Metric.RATE, Operator.MORE, 20.0, "20/s")),
        (
            "orders[payment=gpay] rate > 30/min",
            Objective(Subject.ORDERS, Metric.RATE, Operator.MORE, 0.5, "30/min", labels=(("payment", "gpay"),)),
        ),
        ("orders count >= 5", Objective(Subject.ORDERS, Metric.COUNT, Operator.AT_LEAST, 5, "5")),
        ("dropped < 0.1%", Objective(Subject.ARRIVALS, Metric.DROPPED, Operator.LESS, 0.001, "0.1%")),
        ("failures <= 0%", Objective(Subject.JOURNEY, Metric.FAILURES, Operator.AT_MOST, 0.0, "0%")),
    ],
)
def test_a_demand_is_read_as_it_is_meant(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("untidy", "neat"),
    [
        ("  page.X   response_time  p95<300 ms ", "page.X response_time p95 < 300ms"),
        (
            "journey[ outcome = ok , payment=gpay ] response_time p50 =< 2.0s",
            "journey[payment=gpay,outcome=ok] response_time p50 <= 2s",
        ),
        ("orders rate ≥ 20 / min", "orders rate >= 20/min"),
        ("failures < 1 % confidence 99 %", "journey failures < 1% confidence 99%"),
        ("page response_time p95.0 < 1e3ms confidence 95%", "page response_time p95 < 1000ms"),
    ],
)
def test_an_untidy_demand_has_a_neat_text_that_means_the_same(untidy, neat):
    assert parse(untidy).text == neat
    assert parse(neat) == parse(untidy)
    assert parse(neat).text == neat


@pytest.mark.parametrize(
    ("text", "problem", "remedy"),
    [
        ("", "nothing is compared", "such as: page.BinNumberPage"),
        ("page response_time p95", "nothing is compared", "write <, <="),
        ("page response_time p95 == 1s", '"==" is no comparison', "write <, <=, > or >="),
        ("page response_time p95 <> 1s", '"<>" is no comparison', "write <"),
        ("pages response_time p95 < 1s", "nothing is measured under pages", "did you mean page?"),
        ("basket response_time p95 < 1s", "nothing is measured under basket", "there are"),
        ("page.X responsetime p95 < 1s", "responsetime is not measured of page", "did you mean response_time?"),
        ("orders failures < 1%", "failures is not measured of orders", "there are count, rate"),
        ("page.X p95 < 1s", "does not say what of the page", "response_time"),
        ("page < 1s", "does not say what of the page", "response_time"),
        ("page response_time < 1s", "needs one statistic, not 0", "p95"),
        ("page response_time p95 p99 < 1s", "needs one statistic, not 2", "p95"),
        ("page response_time p100 < 1s", "p100 is no percentile", "write max"),
        ("page response_time p0 < 1s", "p0 is no percentile", "such as p50"),
        ("page response_time median < 1s", '"median" is no statistic', "write p50"),
        ("page response_time avg < 1s", '"avg" is no statistic', "write mean"),
        ("page response_time 95 < 1s", '"95" is no statistic', "p95"),
        ("journey failures p95 < 1%", '"p95" says nothing about failures', "leave it out"),
        ("page response_time p95 < 300", "the bound has no unit", "300ms"),
        ("page response_time p95 < 300 msec", '"msec" is no unit of response_time', "us or ms or s"),
        ("page response_time p95 < soon", '"soon" is no bound', "300ms"),
        ("page response_time p95 < 1.2.3s", '"1.2.3s" is no bound', "300ms"),
        ("page response_time p95 < ", '"" is no bound', "300ms"),
        ("page response_time p95 < 0s", "no time is less than 0s", "over 0"),
        ("page response_time p95 > 1s", "response_time > demands trouble", "write <"),
        ("journey failures >= 1%", "failures >= demands trouble", "write <="),
        ("journey failures < 0.5", "the bound has no unit", "%"),
        ("journey failures < 101%", "101% is no share", "0% to 100%"),
        ("journey failures < -1%", "-1% is no share", "0% to 100%"),
        ("journey failures < 0%", "no share is less than 0%", "<= 0%"),
        ("journey failures <= 100%", "demands nothing", "below 100%"),
        ("orders rate > 20", "the bound has no unit", "/s or /min or /h"),
        ("orders rate > 20/day", '"/day" is no unit of rate', "20/s"),
        ("orders rate > -1/s", "-1/s is no rate", "20/s"),
        ("orders count >= 2.5", "2.5 is no count", "whole number"),
        ("orders count >= 5/s", "a count has no unit", "write 5"),
        ("dropped.guest < 1%", "as a whole", "dropped < 0.1%"),
        ("dropped[payment=gpay] < 1%", "cannot be narrowed down by payment", "there are none"),
        ("page[verification=sms] failures < 1%", "cannot be narrowed down by verification", "there are outcome"),
        ("journey[paiment=gpay] failures < 1%", "cannot be narrowed down by paiment", "did you mean payment?"),
        ("journey[payment] failures < 1%", '"payment" narrows nothing', "label=value"),
        ("journey[] failures < 1%", '"" narrows nothing', "label=value"),
        ("journey[payment=a,payment=b] failures < 1%", "payment stands there twice", "one demand for each"),
        ("journey[payment=a failures < 1%", "a bracket is left open", "close it"),
        ("page.X] failures < 1%", "cannot be read", "write it like this"),
        ("dropped < 1% confidence high", '"high" is no confidence', "confidence 99%"),
        ("dropped < 1% confidence 100%", '"100%" is no confidence', "without, 100%"),
        ("dropped < 1% confidence 5%", '"5%" is no confidence', "from 50%"),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(text, problem, remedy):
    with pytest.raises(ObjectiveError) as caught:
        parse(text)
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy
    assert caught.value.text == text.strip()
    assert str(caught.value).startswith(f'"{text.strip()}": ')


def test_a_condition_is_a_demand_turned_round():
    assert parse_condition("failures > 50%").operator is Operator.MORE
    with pytest.raises(ObjectiveError, match="no trouble to stop for; write >"):
        parse_condition("failures < 50%")


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        ("page.BinNumberPage response_time p95 < 1s", []),
        ("page.binnumberpage failures < 1%", ["there is no page binnumberpage; did you mean BinNumberPage?"]),
        ("journey.gest failures < 1%", ["there is no journey gest; did you mean guest?"]),
        ("journey.abandon failures < 1%", ["there is no journey abandon; there are guest, returning"]),
        ("orders.gest[payment=g_pay] rate > 1/s", ["no journey gest", "there is no payment g_pay; did you mean gpay?"]),
        ("journey[outcome=timeouts] failures < 1%", ["there is no outcome timeouts; did you mean timeout?"]),
        ("journey[verification=sms] failures < 1%", []),
        ("dropped < 1%", []),
    ],
)
def test_names_that_nothing_is_measured_under_are_found(text, complaints):
    problems = unknown_names(
        parse(text),
        pages=["BinNumberPage", "ThankYouPage"],
        journeys=["guest", "returning"],
        payments=["gpay", "credit_card"],
        outcomes=["ok", "timeout"],
    )
    assert len(problems) == len(complaints)
    for problem, complaint in zip(problems, complaints, strict=True):
        assert complaint in str(problem)


def test_verifications_are_checked_when_they_are_known():
    demand = parse("journey[verification=resent] failures < 1%")
    (problem,) = unknown_names(demand, pages=[], journeys=[], payments=[], outcomes=[], verifications=["resend"])
    assert problem.remedy == "did you mean resend?"
