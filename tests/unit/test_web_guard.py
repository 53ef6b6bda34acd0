"""Who may ask the web part for what."""

from __future__ import annotations

import pytest

from voice_agent.web.guard import Rate, content_security_policy

pytestmark = pytest.mark.unit


def test_a_rate_lets_so_many_come_together_and_then_so_many_a_minute() -> None:
    now = 0.0
    rate = Rate(3, 60, clock=lambda: now)
    assert [rate.take() for _ in range(4)] == [True, True, True, False]
    now = 2.0
    assert [rate.take() for _ in range(3)] == [True, True, False]
    now = 1000.0
    assert [rate.take() for _ in range(4)] == [True, True, True, False]


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("ws://127.0.0.1:7880", "connect-src 'self' ws://127.0.0.1:7880 http://127.0.0.1:7880;"),
        ("wss://rooms.example", "connect-src 'self' wss://rooms.example https://rooms.example;"),
    ],
)
def test_the_policy_lets_the_page_reach_the_livekit_server_and_nothing_else(url: str, allowed: str) -> None:
    policy = content_security_policy(url) + ";"
    assert allowed in policy
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
