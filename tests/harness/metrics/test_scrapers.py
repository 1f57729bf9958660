"""Whoever scrapes regularly is waited for once more, and nobody else."""

import pytest

from harness.metrics.scrapers import MAX_SCRAPERS, MAX_WAIT, Scrapers


@pytest.fixture
def scrapers():
    return Scrapers()


def test_nobody_is_waited_for_where_nobody_scrapes(scrapers):
    assert scrapers.wait_deadline(100.0, 100.0) == 100.0


def test_a_scraper_is_waited_for_half_an_interval_beyond_its_time(scrapers):
    for moment in (80.0, 85.0, 90.0, 95.0):
        scrapers.record_scrape("prometheus", 4.0, moment)
    assert scrapers.wait_deadline(97.0, 97.0) == 102.5


def test_who_has_come_since_is_not_waited_for(scrapers):
    for moment in (90.0, 95.0, 100.0):
        scrapers.record_scrape("prometheus", 4.0, moment)
    assert scrapers.wait_deadline(97.0, 100.1) == 100.1


def test_who_came_but_once_is_waited_for_by_the_timeout_it_named(scrapers):
    scrapers.record_scrape("prometheus", 10.0, 95.0)
    assert scrapers.wait_deadline(97.0, 97.0) == 110.0


def test_who_has_not_come_for_long_is_gone(scrapers):
    scrapers.record_scrape("prometheus", 5.0, 10.0)
    scrapers.record_scrape("prometheus", 5.0, 15.0)
    assert scrapers.wait_deadline(97.0, 97.0) == 97.0


def test_every_one_of_several_is_waited_for(scrapers):
    for name, interval in (("a", 5.0), ("b", 20.0)):
        scrapers.record_scrape(name, 4.0, 95.0 - interval)
        scrapers.record_scrape(name, 4.0, 95.0)
    scrapers.record_scrape("a", 4.0, 100.0)
    assert scrapers.wait_deadline(97.0, 100.1) == 125.0


def test_nobody_is_waited_for_longer_than_a_minute(scrapers):
    scrapers.record_scrape("slow", 300.0, 90.0)
    assert scrapers.wait_deadline(97.0, 97.0) == 97.0 + MAX_WAIT


def test_names_without_end_are_not_kept(scrapers):
    for number in range(2 * MAX_SCRAPERS):
        scrapers.record_scrape(f"hostile {number}", 60.0, 0.0)
    assert len(scrapers._known) == MAX_SCRAPERS
