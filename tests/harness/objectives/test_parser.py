"""Objectives are parsed, and each error names its remedy."""

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
def test_an_objective_is_parsed(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("  page.X   response_time  p95<300 ms ", "page.X response_time p95 < 300ms"),
        (
            "journey[ outcome = ok , payment=gpay ] response_time p50 =< 2.0s",
            "journey[payment=gpay,outcome=ok] response_time p50 <= 2s",
        ),
        ("orders rate ≥ 20 / min", "orders rate >= 20/min"),
        ("failures < 1 % confidence 99 %", "journey failures < 1% confidence 99%"),
        ("page response_time p95.0 < 1e3ms confidence 95%", "page response_time p95 < 1000ms"),
        ("page response_time max < 1m 30s", "page response_time max < 1m30s"),
    ],
)
def test_the_normal_form_of_an_objective_means_the_same(written, normal):
    assert parse(written).text == normal
    assert parse(normal) == parse(written)
    assert parse(normal).text == normal


@pytest.mark.parametrize(
    ("text", "problem", "remedy"),
    [
        ("", "it has no comparison", "such as: page.BinNumberPage"),
        ("page response_time p95", "it has no comparison", "write <, <="),
        ("page response_time p95 == 1s", '"==" is not a comparison', "write <, <=, > or >="),
        ("page response_time p95 <> 1s", '"<>" is not a comparison', "write <"),
        ("pages response_time p95 < 1s", "there is no subject pages", "did you mean page?"),
        ("basket response_time p95 < 1s", "there is no subject basket", "there are"),
        ("page.X responsetime p95 < 1s", "page has no metric responsetime", "did you mean response_time?"),
        ("orders failures < 1%", "orders has no metric failures", "there are count, rate"),
        ("page.X p95 < 1s", "the metric of page is missing", "response_time"),
        ("page < 1s", "the metric of page is missing", "response_time"),
        ("page response_time < 1s", "needs one statistic, not 0", "p95"),
        ("page response_time p95 p99 < 1s", "needs one statistic, not 2", "p95"),
        ("page response_time p100 < 1s", "p100 is not a percentile", "write max"),
        ("page response_time p0 < 1s", "p0 is not a percentile", "such as p50"),
        ("page response_time median < 1s", '"median" is not a statistic', "write p50"),
        ("page response_time avg < 1s", '"avg" is not a statistic', "write mean"),
        ("page response_time 95 < 1s", '"95" is not a statistic', "p95"),
        ("journey failures p95 < 1%", 'failures has no statistic, but "p95" is given', "leave it out"),
        ("page response_time p95 < 300", "the bound has no unit", "300ms"),
        ("page response_time p95 < 300 msec", '"msec" is not a unit of response_time', "us or ms or s"),
        ("page response_time p95 < soon", '"soon" is not a bound', "300ms"),
        ("page response_time p95 < 1.2.3s", '"1.2.3s" is not a bound', "300ms"),
        ("page response_time p95 < ", '"" is not a bound', "300ms"),
        ("page response_time p95 < 0s", "a time cannot be below 0s", "over 0"),
        ("page response_time p95 > 1s", "response_time must be below its bound", "write <"),
        ("journey failures >= 1%", "failures must be below its bound", "write <="),
        ("journey failures < 0.5", "the bound has no unit", "%"),
        ("journey failures < 101%", "101% is not a share", "0% to 100%"),
        ("journey failures < -1%", "-1% is not a share", "0% to 100%"),
        ("journey failures < 0%", "a share cannot be below 0%", "<= 0%"),
        ("journey failures <= 100%", "is always true", "below 100%"),
        ("orders rate > 20", "the bound has no unit", "/s or /min or /h"),
        ("orders rate > 20/day", '"/day" is not a unit of rate', "20/s"),
        ("orders rate > -1/s", "-1/s is not a rate", "20/s"),
        ("orders count >= 2.5", "2.5 is not a count", "whole number"),
        ("orders count >= 5/s", "a count has no unit", "write 5"),
        ("dropped.guest < 1%", "takes no name", "dropped < 0.1%"),
        ("dropped[payment=gpay] < 1%", "dropped has no label payment", "there are none"),
        ("page[verification=sms] failures < 1%", "page has no label verification", "there are outcome"),
        ("journey[paiment=gpay] failures < 1%", "journey has no label paiment", "did you mean payment?"),
        ("journey[payment] failures < 1%", '"payment" is not a label with a value', "label=value"),
        ("journey[] failures < 1%", '"" is not a label with a value', "label=value"),
        ("journey[payment=a,payment=b] failures < 1%", "payment is given twice", "one objective for each"),
        ("journey[payment=a failures < 1%", "a bracket is not closed", "close it"),
        ("page.X] failures < 1%", "cannot be read", "write it like this"),
        ("dropped < 1% confidence high", '"high" is not a confidence', "confidence 99%"),
        ("dropped < 1% confidence 100%", '"100%" is not a confidence', "to below 100%"),
        ("dropped < 1% confidence 5%", '"5%" is not a confidence', "from 50%"),
    ],
)
def test_an_error_names_its_remedy(text, problem, remedy):
    with pytest.raises(ObjectiveError) as caught:
        parse(text)
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy
    assert caught.value.text == text.strip()
    assert str(caught.value).startswith(f'"{text.strip()}": ')


@pytest.mark.parametrize(("limit", "seconds"), [("2m", 120.0), ("1m30s", 90.0), ("2min", 120.0), ("250us", 0.00025)])
def test_a_bound_may_be_any_duration(limit, seconds):
    assert parse(f"page response_time p95 < {limit}").bound == pytest.approx(seconds)


def test_a_condition_has_the_opposite_operator():
    assert parse_condition("failures > 50%").operator is Operator.MORE
    with pytest.raises(ObjectiveError, match="a stop rule needs failures above its bound, not below it; write >"):
        parse_condition("failures < 50%")


@pytest.mark.parametrize(
    ("text", "errors"),
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
def test_unknown_names_are_found(text, errors):
    problems = unknown_names(
        parse(text),
        pages=["BinNumberPage", "ThankYouPage"],
        journeys=["guest", "returning"],
        payments=["gpay", "credit_card"],
        outcomes=["ok", "timeout"],
    )
    assert len(problems) == len(errors)
    for problem, error in zip(problems, errors, strict=True):
        assert error in str(problem)


def test_verifications_are_checked_if_they_are_known():
    objective = parse("journey[verification=resent] failures < 1%")
    (problem,) = unknown_names(objective, pages=[], journeys=[], payments=[], outcomes=[], verifications=["resend"])
    assert problem.remedy == "did you mean resend?"
