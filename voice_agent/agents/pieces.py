"""Changes text that comes in pieces, where what is changed may begin in one piece and end in the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import AsyncGenerator, AsyncIterable, Callable


async def in_pieces(
    text: AsyncIterable[str], unfinished: re.Pattern[str], change: Callable[[str], str]
) -> AsyncGenerator[str]:
    """Yield `text` changed, as soon as it can be.

    Args:
        text: In pieces of any length.
        unfinished: Finds at the end of what has come what may go on in the next piece, and waits for it.
        change: Is given text that is finished.
    """
    held = ""
    async for piece in text:
        held += piece
        found = unfinished.search(held)
        ready, held = (held[: found.start()], held[found.start() :]) if found else (held, "")
        if ready:
            yield change(ready)
    if held:
        yield change(held)
