"""What happens to tools in a conversation, as told to whoever shows or records it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from voice_agent.bridge.types import Json, Progress, Result


@dataclass(frozen=True, slots=True)
class ConfirmAsked:
    """A call was read back and waits for the user's yes."""

    call: str
    server: str
    tool: str
    arguments: Json
    text: str


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """A call was sent."""

    call: str
    server: str
    tool: str
    arguments: Json
    said: str
    """The call in words."""


@dataclass(frozen=True, slots=True)
class ToolProgressed:
    """A call that is under way told how far it is."""

    call: str
    progress: Progress


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """A server asks the user something while its call waits."""

    call: str
    server: str
    text: str
    """As it is said."""
    field: str | None
    """The field of the form that is asked for, as the server spells it; None of a link and of a form read back."""
    kind: str
    """What the field takes (`bridge.forms.Kind`), `link`, or `review`."""
    url: str | None
    """The link; whole, and never opened by itself."""
    form: Json
    """The whole of it, for a screen (`ask_filled.form_shown`)."""


@dataclass(frozen=True, slots=True)
class QuestionClosed:
    """A server's question does not wait any more."""

    call: str
    action: str
    """`accept`, `decline` or `cancel`, as the user answered; `withdrawn` where the call was given up."""


@dataclass(frozen=True, slots=True)
class ToolReturned:
    """A call came back, or was given up."""

    call: str
    result: Result


ToolEvent: TypeAlias = "ConfirmAsked | ToolCalled | ToolProgressed | QuestionAsked | QuestionClosed | ToolReturned"
