"""Writes the Grafana dashboards as JSON files: ``python -m dashboards.boards``."""

from __future__ import annotations

import argparse
from pathlib import Path

from dashboards.boards.files import files


def main() -> None:
    """Write one file for each dashboard."""
    parser = argparse.ArgumentParser(prog="python -m dashboards.boards", description=__doc__)
    parser.add_argument(
        "--into",
        type=Path,
        default=Path(__file__).parents[1] / "grafana" / "dashboards",
        help="folder for the JSON files (default: dashboards/grafana/dashboards)",
    )
    into: Path = parser.parse_args().into
    into.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (into / name).write_text(text)


if __name__ == "__main__":
    main()
