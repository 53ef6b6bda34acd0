"""Long numbers on a telephone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from voice_agent.agents.phone import slow_digits, spell_digits

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Your code is 482913.", "Your code is 4 8 2, 9 1 3."),
        ("Call 030 555 1234 now", "Call 0 3 0, 5 5 5, 1 2 3, 4 now"),
        ("Call 555-0123, please", "Call 5 5 5, 0 1 2, 3, please"),
        ("It costs 12,500 or 12500.75 dollars", "It costs 12,500 or 12500.75 dollars"),
        ("On 2026-11-21 in 2027 at 10:30", "On 2026-11-21 in 2027 at 10:30"),
        ("You have 3 tasks", "You have 3 tasks"),
    ],
)
def test_codes_are_spelt_and_amounts_and_days_are_not(text: str, said: str) -> None:
    assert spell_digits(text) == said


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
async def test_it_makes_no_difference_how_the_text_is_cut(size: int) -> None:
    text = "Call 030 555 1234 by 2026-11-21, room 7, code 99 88 77."

    async def pieces() -> AsyncGenerator[str]:
        for at in range(0, len(text), size):
            yield text[at : at + size]

    assert "".join([piece async for piece in slow_digits(pieces())]) == spell_digits(text)
