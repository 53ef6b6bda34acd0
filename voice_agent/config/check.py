"""What `voice-agent doctor` can tell without sound and servers: Python, extras, keys, configuration, disk and clock."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from voice_agent.config import bundled
from voice_agent.config.profiles import KEYS, PARTS
from voice_agent.config.types import HttpEntry, StdioEntry
from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from voice_agent.config.load import Config
    from voice_agent.config.settings import Settings

_DISTRIBUTION = "voice-agent"
_OLDEST_PYTHON = (3, 11)
_EXTRAS = {"voice": "talking", "offline": "hearing and speaking without a key"}
_FULL = 50 * 1024 * 1024
_NEARLY_FULL = 500 * 1024 * 1024
"""Bytes; the task database and its journal are small, models and packages are not."""
_READABLE_BY_OTHERS = 0o077
_ENTERED_BY_OTHERS = 0o011


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    status: Literal["ok", "warning", "problem"]
    text: str
    """What was found, in one sentence."""
    remedy: str | None = None
    """What to do about it; None where all is well."""


def check_python() -> Check:
    """Is this Python new enough."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < _OLDEST_PYTHON:
        return Check("python", "problem", f"Python {version} is too old.", "Install Python 3.11 or newer.")
    return Check("python", "ok", f"Python {version} at {sys.executable}.")


def check_extras() -> Iterator[Check]:
    """Are the packages of each extra installed."""
    try:
        requirements = metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        yield Check("extras", "problem", "voice-agent is not installed as a package.", "Run: make setup")
        return
    for extra, purpose in _EXTRAS.items():
        marked = [line for line in requirements if re.search(rf"extra\s*==\s*['\"]{extra}['\"]", line)]
        names = [name[0] for line in marked if (name := re.match(r"[\w.-]+", line))]
        missing = [name for name in names if not _is_installed(name)]
        if missing:
            yield Check(
                f"extra {extra}",
                "warning",
                f"The extra “{extra}”, for {purpose}, lacks {', '.join(missing)}.",
                f"Run: pip install 'voice-agent[{extra}]'",
            )
        else:
            yield Check(f"extra {extra}", "ok", f"The extra “{extra}”, for {purpose}, is installed.")


def _is_installed(distribution: str) -> bool:
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


def check_profile(config: Config) -> Check:
    """Is there such a profile, and does it have the keys that it insists on."""
    settings = config.settings
    try:
        profile = config.profile
    except ConfigError as error:
        return Check("profile", "problem", str(error), f"Correct it where it is set: {config.origins['profile']}.")
    missing = sorted(
        {
            KEYS[first.provider]
            for part in PARTS
            if (first := profile.candidates(part)[0]).provider in KEYS
            and first.api_key is None
            and getattr(settings, part).api_key is None
            and (first.insisted or not profile.automatic)
        }
    )
    if missing:
        return Check(
            "profile",
            "problem",
            f"The profile “{profile.name}” needs {' and '.join(missing)}.",
            "Set it, or choose the profile “auto” or “offline”, which need no key.",
        )
    return Check("profile", "ok", f"The profile is “{profile.name}” ({config.origins['profile']}).")


def check_keys(config: Config) -> Check:
    """Which keys are there; they are not tried."""
    found = {variable: config.origins[f"{provider}_api_key"] for provider, variable in KEYS.items()}
    there = [f"{name} (from {where})" if where != name else name for name, where in found.items() if where != "default"]
    absent = [name for name, where in found.items() if where == "default"]
    if not there:
        return Check("keys", "ok", "No provider's key is set; the offline parts or a local server are used.")
    rest = f" Not set: {', '.join(absent)}." if absent else ""
    return Check("keys", "ok", f"Set: {', '.join(there)}.{rest}")


def check_config(config: Config) -> Iterator[Check]:
    """Every mistake in what the user wrote, and what is unwise."""
    for problem in config.problems:
        yield Check("config", "problem", f"{problem.where}: {problem.message}", problem.remedy)
    if not config.problems:
        files = [str(path) for path in (config.mcp_file, config.settings_file) if path]
        yield Check("config", "ok", f"No mistake in {' and '.join(files)}." if files else "No file; all is default.")
    for entry in config.servers:
        if isinstance(entry, HttpEntry) and _sends_secret_in_clear(entry):
            yield Check(
                "config",
                "warning",
                f"{entry.origin}: “{entry.name}” sends its token over http, where anybody on the way can read it.",
                "Use its https address.",
            )
    yield from check_secret_files(config.home / "secrets")


def _sends_secret_in_clear(entry: HttpEntry) -> bool:
    parts = urlsplit(entry.url)
    is_here = parts.hostname in ("localhost", "::1") or (parts.hostname or "").startswith("127.")
    return parts.scheme == "http" and not is_here and bool(entry.headers or entry.auth or parts.password)


def check_secret_files(folder: Path) -> Iterator[Check]:
    """Can anybody else on this machine read the secret files."""
    if os.name == "nt":
        return
    try:
        is_entered_by_others = folder.stat().st_mode & _ENTERED_BY_OTHERS
        open_to_others = [file for file in folder.iterdir() if file.is_file() and _is_open(file)]
    except OSError:
        return
    if open_to_others and is_entered_by_others:
        yield Check(
            "config",
            "warning",
            f"Other users of this machine can read the secret files in {folder}: {len(open_to_others)} of them.",
            f"Run: chmod go-rwx {folder}",
        )


def _is_open(file: Path) -> bool:
    return bool(file.stat().st_mode & _READABLE_BY_OTHERS)


def check_tasks(config: Config, environ: Mapping[str, str] = os.environ) -> Iterator[Check]:
    """Can the Task Manager write its file, where it is started here."""
    entry = next((entry for entry in config.servers if bundled.runs(entry)), None)
    file = bundled.database(entry, environ) if isinstance(entry, StdioEntry) else None
    if file is None:
        return
    _, why_not = _written_to(file.parent)
    if why_not is None and file.exists() and not os.access(file, os.W_OK):
        why_not = "the file is read-only"
    if why_not:
        yield Check(
            "tasks",
            "problem",
            f"The tasks cannot be written to {file}: {why_not}.",
            "Allow it, or set TASK_MANAGER_DATABASE_URL to a file in a folder that can be written to.",
        )
    else:
        yield Check("tasks", "ok", f"The tasks are kept in {file}, which can be written to.")


def _written_to(folder: Path) -> tuple[Path, str | None]:
    """The folder, or the nearest above it that exists, and why nothing can be written there; None if it can."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"-")
    except OSError as error:
        return folder, error.strerror or str(error)
    return folder, None


def check_home(home: Path) -> Iterator[Check]:
    """Can tasks and settings be written, and is there room for them."""
    folder, why_not = _written_to(home)
    if why_not:
        yield Check(
            "home",
            "problem",
            f"Nothing can be written to {home}: {why_not}.",
            "Allow it, or set VOICE_AGENT_HOME to a folder that can be written to.",
        )
    else:
        yield Check("home", "ok", f"{home} can be written to.")
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return
    room = f"{free / 1024**3:.1f} GB free" if free >= 1024**3 else f"{free // 1024**2} MB free"
    if free < _NEARLY_FULL:
        status = "problem" if free < _FULL else "warning"
        yield Check("disk", status, f"The disk of {home} is nearly full: {room}.", "Make room on it.")
    else:
        yield Check("disk", "ok", f"There is room on the disk of {home}: {room}.")


def check_clock(settings: Settings) -> Iterator[Check]:
    """Do the clock and the time zone make sense: “tomorrow” depends on them."""
    now = datetime.now(UTC)
    installed = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    if now < installed:
        yield Check(
            "clock",
            "problem",
            f"The clock says {now:%Y-%m-%d %H:%M} UTC, which is before this program was installed.",
            "Set the clock.",
        )
    else:
        yield Check("clock", "ok", f"The clock says {now:%Y-%m-%d %H:%M} UTC.")
    if settings.time_zone:
        yield Check("time zone", "ok", f"The time zone is {settings.time_zone}, as configured.")
        return
    import tzlocal

    try:
        zone = tzlocal.get_localzone_name()
    except Exception as error:  # noqa: BLE001 - it raises many kinds for odd systems; all mean the same
        zone, reason = None, type(error).__name__
    else:
        reason = "no name"
    if zone:
        yield Check("time zone", "ok", f"The time zone of this machine is {zone}.")
    else:
        yield Check(
            "time zone",
            "warning",
            f"The time zone of this machine cannot be told ({reason}); UTC is used.",
            "Set VOICE_AGENT_TIME_ZONE, for example to Europe/Berlin.",
        )


def all_is_well(checks: Sequence[Check]) -> bool:
    """Whether nothing is a problem; warnings are not."""
    return all(check.status != "problem" for check in checks)
