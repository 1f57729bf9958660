"""The page is written beside the result, and a page that cannot be made costs nothing else."""

from harness.judging.html_report import write_html_report


def test_the_page_is_beside_the_result(passed, tmp_path):
    write_html_report(passed, tmp_path)
    assert "PASSED" in (tmp_path / "report.html").read_text()


def test_a_page_that_cannot_be_drawn_is_a_warning(passed, tmp_path, monkeypatch, caplog):
    def broken(*_):
        raise ZeroDivisionError("of a chart")

    monkeypatch.setattr("harness.judging.html_report.report_page", broken)
    write_html_report(passed, tmp_path)
    assert not (tmp_path / "report.html").exists()
    assert "could not be drawn (ZeroDivisionError: of a chart)" in caplog.text


def test_a_page_that_cannot_be_written_is_a_warning(passed, tmp_path, caplog):
    (tmp_path / "report.html").mkdir()
    write_html_report(passed, tmp_path)
    assert "report.html cannot be written" in caplog.text
