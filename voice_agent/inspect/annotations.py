"""Whether what a server says of its tools agrees with their names (pure).

Nobody can see from outside what a tool does; it is judged by the words of its name, as the policy of a conversation
judges it: `delete_…` loses something, `get_…` only looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from voice_agent.bridge.policy import DANGERS, READS, WRITES, is_read, words_of
from voice_agent.bridge.types import Hints
from voice_agent.inspect.report import Area, Finding, Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from voice_agent.bridge.types import Tool

_SILENT = Hints()
_EITHER = frozenset(
    {"convert", "download", "evaluate", "execute", "export", "extract", "generate", "index", "open", "query", "report"}
    | {"review", "run", "trace", "watch"}
)
"""Words for doing something that are also said of looking: `export_tasks`, `open_file`, `run_query`."""
_LOSES = DANGERS & frozenset(
    {
        "clean",
        "cleanup",
        "clear",
        "delete",
        "demolish",
        "destroy",
        "discard",
        "drop",
        "empty",
        "erase",
        "evict",
        "expire",
    }
    | {"format", "nuke", "overwrite", "prune", "purge", "remove", "reset", "terminate", "trash", "truncate", "wipe"}
)
"""Words that say that something is lost for good; what is undone or switched off is not."""


def look_at_annotations(tools: Sequence[Tool]) -> list[Finding]:
    """Return the findings."""
    return [finding for tool in tools for finding in _of_tool(tool)]


def _of_tool(tool: Tool) -> Iterator[Finding]:
    hints, parts = tool.hints, words_of(tool.name)
    reads_by_name = is_read(tool.name, _SILENT, trusted=False)
    endangers = bool(parts) and parts[0] in _LOSES
    if hints.read_only is True and (endangers or hints.destructive is True):
        other = "destructiveHint is true as well" if hints.destructive is True else f"its name begins with “{parts[0]}”"
        what = f"readOnlyHint is true, but {other}: judged by the two together, one of them is false."
        yield Finding(
            Area.ANNOTATIONS, Level.FAULT, tool.name, what, "Say what is true; hosts that trust you act on it."
        )
    elif hints.read_only is True and parts and parts[0] in WRITES - READS - _EITHER and not reads_by_name:
        what = f"readOnlyHint is true, but “{parts[0]}” is a word for doing something (judged by its name)."
        fix = "If it only looks, name it so (get, list, search); else leave readOnlyHint out."
        yield Finding(Area.ANNOTATIONS, Level.NOTE, tool.name, what, fix)
    elif hints.read_only is None and reads_by_name:
        what = "It seems to only read (judged by its name) and does not say so."
        fix = "Set readOnlyHint to true, so that hosts need not ask before each call."
        yield Finding(Area.ANNOTATIONS, Level.WARNING, tool.name, what, fix)
    elif hints.read_only is False and reads_by_name and parts[0] in READS:
        what = f"readOnlyHint is false, but its name says that it only looks (“{parts[0]}”)."
        fix = "If it changes nothing, set readOnlyHint to true; else give it a name that says what it does."
        yield Finding(Area.ANNOTATIONS, Level.NOTE, tool.name, what, fix)
    if hints.read_only is not True and not reads_by_name:
        yield from _of_deed(tool, endangers=endangers)


def _of_deed(tool: Tool, *, endangers: bool) -> Iterator[Finding]:
    hints = tool.hints
    if endangers and hints.destructive is False:
        what = "destructiveHint is false, but its name says that something is lost (judged by its name)."
        fix = "Set destructiveHint to true, or say in the description how it is undone."
        yield Finding(Area.ANNOTATIONS, Level.WARNING, tool.name, what, fix)
    elif hints.destructive is None and hints.read_only is not True:
        what = "It does not say whether it destroys anything, so hosts must take it that it does."
        fix = "Set destructiveHint (false: it only adds), and idempotentHint if calling it twice is as good as once."
        yield Finding(Area.ANNOTATIONS, Level.WARNING, tool.name, what, fix)
