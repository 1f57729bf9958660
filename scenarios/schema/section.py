"""The base class of all tables in scenario and forecast files, and the types of plain values."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

LARGEST_COUNT = 2**63 - 1
"""The highest whole number. Every reader of a JSON result can hold it."""

MOST_USERS = 200_000
"""The most virtual users, and the most accounts: several times what a fleet of machines needs."""

Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
PositiveScale = Annotated[float, Field(gt=0, le=1000)]
PositiveCount = Annotated[int, Field(ge=1, le=LARGEST_COUNT)]
UserCount = Annotated[int, Field(ge=1, le=MOST_USERS)]
NonEmptyText = Annotated[str, Field(min_length=1)]


class Section(BaseModel):
    """A table of a file. It refuses unknown keys, converts no types and cannot be changed."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )
