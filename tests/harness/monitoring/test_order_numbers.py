"""A repeated order number is detected, within one worker and across workers."""

from checked_runs import conditions_of

from harness.measurement.recorder import Recorder
from harness.measurement.sample import Window
from harness.monitoring.order_numbers import DIGEST_SIZE, OrderNumberRegister, duplicates_across_workers
from harness.objectives.verdict import Severity
from harness.validity.delivery import unique_order_numbers
from harness.validity.evidence import Evidence


def reported(*numbers):
    one = OrderNumberRegister()
    for number in numbers:
        one.is_new(number)
    return one.digests()


def test_an_order_number_is_new_only_once():
    numbers = OrderNumberRegister(most=3)
    assert [numbers.is_new(each) for each in ("A1", "A2", "A1")] == [True, True, False]


def test_the_oldest_number_is_forgotten_first():
    numbers = OrderNumberRegister(most=2)
    for each in ("A1", "A2", "A3"):
        numbers.is_new(each)
    assert numbers.is_new("A1")
    assert not numbers.is_new("A3")


def test_numbers_of_two_workers_are_counted_once_each():
    assert (
        duplicates_across_workers([reported("A1", "A2", "A3"), reported("A4", "A2"), reported("A2", "A3", "A5")]) == 2
    )
    assert duplicates_across_workers([reported("A1", "A2"), reported("A3"), b""]) == 0
    assert duplicates_across_workers([]) == 0


def test_duplicates_within_one_worker_are_not_counted_again():
    assert duplicates_across_workers([reported("A1", "A1", "A2")]) == 0


def test_a_digest_is_small_and_hides_the_number():
    assert len(reported("ON100001")) == DIGEST_SIZE
    assert b"ON" not in reported("ON100001")
    digests = reported(*map(str, range(10_000)))
    assert len({digests[place : place + DIGEST_SIZE] for place in range(0, len(digests), DIGEST_SIZE)}) == 10_000


def test_duplicate_order_numbers_fail_the_shop():
    def found(number):
        return list(
            unique_order_numbers(Evidence(Recorder(Window(0, 0, 1)), conditions_of(duplicate_order_numbers=number)))
        )

    (finding,) = found(3)
    assert finding.level is Severity.FAILED
    assert "3 order numbers" in finding.message
    assert "1 order number was given" in found(1)[0].message
    assert found(0) == []
