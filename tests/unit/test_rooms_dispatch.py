"""What the web part tells the worker is read back as it was told, and nothing else is taken."""

from __future__ import annotations

import pytest

from voice_agent.session.dispatch import Dispatch, read_dispatch

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "dispatch", [Dispatch(), Dispatch("user-1"), Dispatch("user-1", "offline", "anna", "Anna", "Asia/Tokyo", "p")]
)
def test_it_is_read_back_as_it_was_told(dispatch: Dispatch) -> None:
    assert read_dispatch(dispatch.to_json()) == dispatch


def test_a_job_without_metadata_is_for_whoever_comes() -> None:
    assert read_dispatch(" ") == Dispatch()


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"groups": "root"}', "unknown key “groups”"),
        ('{"identity": 1}', "“identity”"),
        ('{"profile": ""}', "“profile”"),
    ],
)
def test_anything_else_is_refused_with_the_reason(metadata: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_dispatch(metadata)
