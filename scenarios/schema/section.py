"""What every table of a scenario file has in common, and the plain values that may stand in it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

LARGEST_COUNT = 2**63 - 1
"""The highest whole number, a seed's: the highest that every reader of a result knows."""

MOST_USERS = 200_000
"""Of virtual users, of accounts: some times what a fleet of machines has."""

Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
PositiveScale = Annotated[float, Field(gt=0, le=1000)]
PositiveCount = Annotated[int, Field(ge=1, le=LARGEST_COUNT)]
UserCount = Annotated[int, Field(ge=1, le=MOST_USERS)]
NonEmptyText = Annotated[str, Field(min_length=1)]


class Section(BaseModel):
    """A table of a scenario file: every key known, every type as written, nothing changed afterwards."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )
