"""From calls that were made to what comes next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from voice_agent.offline.brain.dialogue import Act, Ask, Call, Move, Say, in_turn
from voice_agent.offline.brain.render import render

if TYPE_CHECKING:
    from datetime import datetime


def follow(move: Move, done: tuple[Call, ...], now: datetime) -> Move:
    """What comes after the calls in `done`, which were made as `move`, and what followed from it, had them."""
    said: list[str] = []
    while isinstance(move, Act) and done:
        made, done = done[: len(move.calls)], done[len(move.calls) :]
        if [call.key for call in made] != [key for key, _ in move.calls]:
            return Say(_joined([*said, render((*made, *done), now)]))
        following = move.then(made) if move.then else None
        if isinstance(following, Act) and following.calls:
            move = in_turn([following, *([move.after] if move.after else [])])
            continue
        said.append(following.text if isinstance(following, Say | Ask) else render(made, now))
        if isinstance(following, Ask) or move.after is None:
            last = following if isinstance(following, Ask) else Say("")
            return replace(last, text=_joined([*said, render(done, now)]))
        move = move.after
    if done:  # made for another reason, such as the user's yes to an earlier question
        return Say(_joined([*said, render(done, now)]))
    return move if isinstance(move, Act) else replace(move, text=_joined([*said, move.text]))


def _joined(sentences: list[str]) -> str:
    return " ".join(filter(None, sentences))
