"""One task as a file has it, before it is understood."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Row:
    """The named fields of one task (see `fields`)."""

    where: str
    """Where it stands, such as "Line 3"."""
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])
    problem: str | None = None
    """Why it cannot be read, in words that follow a colon."""
