"""Lists all dashboards, and encodes them as JSON."""

from __future__ import annotations

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.boards import capacity, overview, pages, payments
from dashboards.boards.grafana_dashboard import dashboard

BOARDS = (overview.BOARD, pages.BOARD, payments.BOARD, capacity.BOARD)


def files() -> dict[str, str]:
    """The text of each file by its name, the same in every call."""
    encoder = JSONEncoder(sort_keys=True, indent=2)
    return {f"{board.uid.removeprefix('checkload-')}.json": encoder.encode(dashboard(board)) + "\n" for board in BOARDS}
