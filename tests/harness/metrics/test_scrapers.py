"""The server waits for regular scrapers once more, and for no other."""

import pytest

from harness.metrics.scrapers import MAX_SCRAPERS, MAX_WAIT, Scrapers


@pytest.fixture
def scrapers():
    return Scrapers()


def test_without_scrapers_there_is_no_wait(scrapers):
    assert scrapers.wait_deadline(100.0, 100.0) == 100.0


def test_a_scraper_may_be_late_by_half_an_interval(scrapers):
    for moment in (80.0, 85.0, 90.0, 95.0):
        scrapers.record_scrape("prometheus", 4.0, moment)
    assert scrapers.wait_deadline(97.0, 97.0) == 102.5


def test_a_scraper_that_has_scraped_since_is_not_waited_for(scrapers):
    for moment in (90.0, 95.0, 100.0):
        scrapers.record_scrape("prometheus", 4.0, moment)
    assert scrapers.wait_deadline(97.0, 100.1) == 100.1


def test_after_one_scrape_the_timeout_counts_as_interval(scrapers):
    scrapers.record_scrape("prometheus", 10.0, 95.0)
    assert scrapers.wait_deadline(97.0, 97.0) == 110.0


def test_a_scraper_that_stopped_scraping_is_not_waited_for(scrapers):
    scrapers.record_scrape("prometheus", 5.0, 10.0)
    scrapers.record_scrape("prometheus", 5.0, 15.0)
    assert scrapers.wait_deadline(97.0, 97.0) == 97.0


def test_every_scraper_is_waited_for(scrapers):
    for name, interval in (("a", 5.0), ("b", 20.0)):
        scrapers.record_scrape(name, 4.0, 95.0 - interval)
        scrapers.record_scrape(name, 4.0, 95.0)
    scrapers.record_scrape("a", 4.0, 100.0)
    assert scrapers.wait_deadline(97.0, 100.1) == 125.0


def test_no_scraper_is_waited_for_longer_than_a_minute(scrapers):
    scrapers.record_scrape("slow", 300.0, 90.0)
    assert scrapers.wait_deadline(97.0, 97.0) == 97.0 + MAX_WAIT


def test_the_number_of_known_scrapers_is_limited(scrapers):
    for number in range(2 * MAX_SCRAPERS):
        scrapers.record_scrape(f"hostile {number}", 60.0, 0.0)
    assert len(scrapers._known) == MAX_SCRAPERS
