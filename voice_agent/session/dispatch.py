"""What the web part tells the worker of a conversation; it travels in the token, which only we can sign."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, cast

AGENT = "voice-agent"
"""The agent name that the worker registers and tokens ask for."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """The job's metadata."""

    identity: str | None = None
    """The participant whose conversation this is; None: whoever comes first."""
    profile: str | None = None
    """None: the worker's own."""
    subject: str | None = None
    """Who that is, as the web part has verified it; None: the owner of this machine."""
    name: str | None = None
    """What to call them."""
    zone: str | None = None
    """Their time zone, by its IANA name; None: the worker's."""
    permit: str | None = None
    """What lets the job act for them at the hub."""
    language: str | None = None
    """That they speak (BCP 47); None: the worker's own."""

    def to_json(self) -> str:
        """Return it as job metadata."""
        return json.dumps({name: value for name, value in asdict(self).items() if value is not None})


_KEYS = frozenset(field.name for field in fields(Dispatch))


def read_dispatch(metadata: str) -> Dispatch:
    """Read job metadata.

    Raises:
        ValueError: It is not ours; the message says why.
    """
    if not metadata.strip():
        return Dispatch()
    try:
        found: Any = json.loads(metadata)
    except ValueError:
        raise ValueError("the job's metadata is not JSON") from None
    if not isinstance(found, dict):
        raise ValueError("the job's metadata is not a JSON object")  # noqa: TRY004 - it is text that is wrong
    given = cast("dict[str, Any]", found)
    unknown = sorted(set(given) - _KEYS)
    if unknown:
        raise ValueError(f"the job's metadata has the unknown key “{unknown[0]}”")
    for name, value in given.items():
        if not isinstance(value, str) or not value:
            raise ValueError(f"“{name}” in the job's metadata is not text")
    return Dispatch(**given)
