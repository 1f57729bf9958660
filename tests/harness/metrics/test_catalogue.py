"""The page of metrics agrees with the code."""

from pathlib import Path

from harness.metrics.catalogue import CATALOGUE, OMITTED_METRICS, table

PAGE = Path(__file__).parents[3] / "dashboards" / "METRICS.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text() == table(), "write it anew: python -m harness.metrics.catalogue > dashboards/METRICS.md"


def test_names_follow_the_conventions_of_prometheus():
    for name, entry in CATALOGUE.items():
        assert name.endswith("_total") == (entry.kind == "counter"), name
        assert bool(entry.bounds) == (entry.kind == "histogram"), name
        assert entry.help.endswith("."), name
        assert "run_id" not in entry.labels
        assert len(set(entry.labels)) == len(entry.labels)


def test_no_metric_is_both_published_and_left_out():
    assert not CATALOGUE.keys() & OMITTED_METRICS.keys()
