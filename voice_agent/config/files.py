"""Reading a small text file that a person wrote, and saying plainly why it cannot be read."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from voice_agent.config.mistake import Mistake

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 8 * 1024 * 1024
"""Larger than any settings file of a client, small enough to be parsed at once."""


def is_there(path: Path) -> bool:
    """Whether there is anything at `path`; one that cannot be looked at counts as not there."""
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises where a parent folder is closed to us


def is_file(path: Path) -> bool:
    """Whether there is a file at `path`, as `is_there`."""
    return os.path.isfile(path)  # noqa: PTH113 - see is_there


def is_folder(path: Path) -> bool:
    """Whether there is a folder at `path`, as `is_there`."""
    return os.path.isdir(path)  # noqa: PTH112 - see is_there


def read_text(path: Path, *, limit: int = MAX_BYTES) -> str:
    """The text of `path`: UTF-8, or UTF-16/32 as Windows tools write it, without a byte order mark.

    Raises:
        Mistake: it is missing, a folder, not permitted, longer than `limit` bytes, or not text.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError:
        raise Mistake("This file does not exist.", "Check the path, or create the file.") from None
    except IsADirectoryError:
        raise Mistake(
            "This is a folder, not a file.",
            "Name the file in it; a container makes a folder where the file it should mount is missing.",
        ) from None
    except PermissionError:
        raise Mistake("This file may not be read by this user.", "Allow it, for example with: chmod u+r") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is not valid"
        raise Mistake(f"This file cannot be read: {reason}.", "Check the path and the disk.") from None
    if len(data) > limit:
        size = f"{limit // (1024 * 1024)} MB" if limit >= 1024 * 1024 else f"{limit // 1024} kB"
        raise Mistake(f"This file is longer than {size}.", "Name a configuration file, not data.")
    return _decoded(data)


def _decoded(data: bytes) -> str:
    try:
        text = data.decode(json.detect_encoding(data)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Mistake("This is not text in UTF-8.", "Save the file as UTF-8.", place=str(line)) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise Mistake("There is a NUL character in this file.", "Save the file as plain UTF-8 text.", place=str(line))
    return text
