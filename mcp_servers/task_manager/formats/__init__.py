"""The formats that tasks can be exported to and imported from. JSON and CSV lose nothing."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Format: TypeAlias = Literal["json", "csv", "todo.txt"]
NAMES: Final[dict[Format, str]] = {"json": "JSON", "csv": "CSV", "todo.txt": "todo.txt"}
MIME_TYPES: Final[dict[Format, str]] = {"json": "application/json", "csv": "text/csv", "todo.txt": "text/plain"}
