"""What is refused as a voice; how a real one is cut is tried by the voice's own tests."""

from __future__ import annotations

import pytest

from voice_agent.offline.voice_graph import halves

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("model", [b"", b"nothing", b"\x08\x01", b"\x3a\x02\x0a\x00", b"\x0f\x00"])
def test_a_file_that_is_no_piper_voice_is_refused(model: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        halves(model)
