"""What has happened in a conversation so far, for a page that comes in the middle of it."""

from __future__ import annotations

import json
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voice_agent.session.journal import Journal, Line

_KEPT = 1000
"""Lines that are remembered; the record has them all."""
_PIECE = 24_000
"""Characters of structured content that a line carries; more is sent only to who asks for it."""
_WHOLE = 32_000_000
"""Characters of results that were cut short, which are kept whole for who asks; the oldest go first."""
_LATEST = {"state", "ready"}
"""Events of which the newest line makes the older ones void."""


class History:
    """The lines of one journal, each as it is shown: bounded."""

    def __init__(self, journal: Journal, past: Iterable[Line] = ()) -> None:
        """Remember what `journal` writes from here on, and `past`, which came before."""
        self._lines: deque[Line] = deque(maxlen=_KEPT)
        self._latest: dict[str, Line] = {}
        self._results: OrderedDict[str, tuple[int, Any]] = OrderedDict()
        for line in past:
            self._note(line)
        journal.listen(self._note)

    @property
    def lines(self) -> list[Line]:
        """The lines in order; `ready` comes first, `state` last."""
        ready, state = self._latest.get("ready"), self._latest.get("state")
        return [*([ready] if ready else []), *self._lines, *([state] if state else [])]

    def result(self, call: str) -> Any:
        """Return the whole structured content of a result that was cut short; None where there is none (any more)."""
        return self._results.get(call, (0, None))[1]

    def shown(self, line: Line) -> Line:
        """Return `line` with no more in it than a page is sent unasked; `is_cut` says that there is more."""
        if line["event"] != "tool_result" or line["structured"] is None:
            return line
        if _size(line["structured"]) <= _PIECE:
            return line
        return {**line, "structured": None, "is_cut": True}

    def _note(self, line: Line) -> None:
        shown = self.shown(line)
        if shown is not line:
            self._results[line["call"]] = _size(line["structured"]), line["structured"]
            while len(self._results) > 1 and sum(size for size, _ in self._results.values()) > _WHOLE:
                self._results.popitem(last=False)
        if line["event"] in _LATEST:
            self._latest[line["event"]] = shown
        elif line["event"] == "progress":
            self._lines = deque((old for old in self._lines if not _is_same_progress(old, line)), maxlen=_KEPT)
            self._lines.append(shown)
        else:
            self._lines.append(shown)


def _size(structured: Any) -> int:
    return len(json.dumps(structured, ensure_ascii=False, default=str))


def _is_same_progress(old: Line, new: Line) -> bool:
    return old["event"] == "progress" and old["call"] == new["call"]
