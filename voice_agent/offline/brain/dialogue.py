"""The conversation as the brain sees it, and what it can do next. No state is kept anywhere else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voice_agent.offline.brain.wishes import Wish


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool that was made, and what came of it."""

    key: str
    arguments: dict[str, Any]
    output: str | None = None
    """What the tool gave back, as the model sees it; None while it is not there."""
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """What the user said once, and what was done and said since."""

    said: str
    calls: tuple[Call, ...] = ()
    reply: str = ""
    was_interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Say:
    """Say something; the turn is over."""

    text: str


@dataclass(frozen=True, slots=True)
class Act:
    """Call tools, all at once."""

    calls: tuple[tuple[str, dict[str, Any]], ...]
    then: Callable[[tuple[Call, ...]], Move | None] | None = None
    """What comes after they are back; None, or a None from it: their answers are said."""
    after: Move | None = None
    """What is done in any case once that is over."""

    @property
    def is_plain(self) -> bool:
        """Whether nothing but the calls' answers comes of it, unless one fails."""
        return not self.is_reading and self.after is None

    is_reading: bool = False
    """Whether the calls only find out what is needed for the next move."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the user for something that is missing; the next turn's words may be the answer."""

    text: str
    wish: Wish | None = None
    """The wish about tasks that waits."""
    key: str = ""
    """Or the tool that waits…"""
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])
    """…what it has been given…"""
    missing: str = ""
    """…and the parameter (or the part of the wish) that is asked for."""
    request: str = ""
    """The words that the tool was chosen by."""
    options: tuple[tuple[str, Any], ...] = ()
    """The choices offered: how they are said, and what they stand for."""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    """What is called on a yes."""


Move: TypeAlias = "Say | Act | Ask"


def in_turn(moves: Sequence[Move]) -> Move:
    """One move after the other."""
    first, *rest = moves
    if not rest or not isinstance(first, Act):
        return first
    following = in_turn(rest)
    return replace(first, after=in_turn([first.after, following]) if first.after else following)
