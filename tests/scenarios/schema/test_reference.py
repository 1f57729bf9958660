from pathlib import Path

from scenarios.schema.reference import reference, shop_reference
from scenarios.schema.scenario_file import ScenarioDocument


def key_rows(text=None):
    lines = (text or reference()).splitlines()[2:]
    return {
        cells[0].strip("`"): cells[1:] for cells in ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines)
    }


def test_every_key_is_explained():
    assert all(meaning for _, meaning in key_rows().values())


def test_every_key_of_the_embedded_shop_is_explained():
    known = key_rows(shop_reference())
    assert {"shop.workers", "shop.sms.share", "shop.faults[].pages"} <= set(known)
    assert [key for key, (_, meaning) in known.items() if not meaning] == []


def test_keys_are_written_as_in_a_file():
    known = key_rows()
    assert {"seed", "arrivals.rate", "arrivals.stages[].from", "payments.minimum", "target.verify_tls"} <= set(known)
    assert not any("rate_from" in key for key in known)
    assert set(ScenarioDocument.model_fields) <= set(known)


def test_defaults_are_written_as_in_a_file():
    known = key_rows()
    assert known["arrivals.process"][0] == '`"poisson"`'
    assert known["target.verify_tls"][0] == "`true`"
    assert known["arrivals.longest_wait"][0] == "`5`"
    assert known["conduct.products"][0] == '`["1", "2", "3"]`'
    assert known["closed.users"][0] == ""


def test_the_committed_reference_is_up_to_date():
    page = (Path(__file__).parents[3] / "docs" / "scenarios.md").read_text(encoding="utf-8")
    assert reference().rstrip() in page, "write it anew: python docs/make.py"
