"""Prints the journal as JSON Lines."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voice_agent.session.journal import Line


def print_json(line: Line) -> None:
    """Print one line on standard output, at once."""
    sys.stdout.write(json.dumps(line, ensure_ascii=True, allow_nan=False, default=str) + "\n")
    sys.stdout.flush()
