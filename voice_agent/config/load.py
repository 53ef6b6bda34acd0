"""All sources read once, into one typed result with the origin of each value and every mistake."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voice_agent.config import bundled, sources
from voice_agent.config.entry import Surroundings
from voice_agent.config.expand import Scope
from voice_agent.config.mcp_file import McpFile, read_mcp_file
from voice_agent.config.mistake import Mistake, plain
from voice_agent.config.places import Found, Places, look
from voice_agent.config.profiles import Profile, load_profile
from voice_agent.config.secret_files import SecretFiles
from voice_agent.config.server_argument import read_server_argument
from voice_agent.config.types import Problem, ServerEntry, VoiceOptions
from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from voice_agent.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that the user said, in one typed result."""

    settings: Settings
    servers: tuple[ServerEntry, ...]
    """The bundled Task Manager, then those of the file in its order, then those of `--server`."""
    disabled: tuple[str, ...]
    """Names of servers that their entry switches off."""
    problems: tuple[Problem, ...]
    """Every mistake; only the part that each names is left out."""
    origins: Mapping[str, str]
    """Where the value of each setting comes from, by dotted name."""
    home: Path
    """The folder of this user's files; it need not exist."""
    mcp_file: Path | None
    settings_file: Path | None

    @property
    def profile(self) -> Profile:
        """The profile that is set: one of the user's own, `profiles/NAME.toml` in `home`, else a bundled one.

        Raises:
            ConfigError: there is no such profile, its file is wrong, or the provider set for a part cannot do it.
        """
        return load_profile(self.settings.profile, self.settings, folders=[self.home / "profiles"])


def load(
    *,
    config: Path | None = None,
    servers: Sequence[str] = (),
    overrides: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Config:
    """Read `mcp.json`, `voice-agent.toml`, the environment and secret files.

    Args:
        config: an `mcp.json`, or a `voice-agent.toml` if it ends in `.toml`.
        servers: the values of `--server`.
        overrides: settings by dotted name, stronger than all else.
        environ: instead of this process's environment.
        cwd: instead of the current folder.

    Raises:
        ConfigError: a file that was named is missing or broken as a whole, or an argument is wrong.
    """
    env = dict(os.environ if environ is None else environ)
    places = look(config, env, cwd)
    problems: list[Problem] = []
    secrets = SecretFiles(places.secrets, problems)
    from_toml = _read_toml(places.settings, problems) if places.settings else []
    settings, origins = sources.settle(
        (
            sources.from_overrides(overrides or {}),
            sources.from_environment(env, problems),
            sources.from_secret_files(env, secrets),
            from_toml,
        ),
        problems,
    )
    voice = VoiceOptions(timeout=settings.limits.call_timeout)
    around = Surroundings(Scope(env, secrets.value, {}, places.here, places.user_home), places.here, voice)
    found = _read_servers(places, around, problems)
    attached = _with_arguments(found, servers, around, bundled.task_manager(env, settings.time_zone, voice))
    return Config(
        settings=settings,
        servers=attached,
        disabled=tuple(found.disabled),
        problems=tuple(problems),
        origins=origins,
        home=places.home,
        mcp_file=places.mcp.path if places.mcp else None,
        settings_file=places.settings.path if places.settings else None,
    )


def _read_toml(file: Found, problems: list[Problem]) -> list[sources.Value]:
    try:
        return sources.from_toml(file.path, file.label, problems)
    except Mistake as mistake:
        _give_up_or_note(mistake, file, problems)
        return []


def _read_servers(places: Places, around: Surroundings, problems: list[Problem]) -> McpFile:
    if places.mcp is None:
        return McpFile()
    try:
        found = read_mcp_file(
            places.mcp.path, places.mcp.label, around, starts_servers_in_its_folder=places.is_project_file
        )
    except Mistake as mistake:
        _give_up_or_note(mistake, places.mcp, problems)
        return McpFile()
    problems += found.problems
    return found


def _give_up_or_note(mistake: Mistake, file: Found, problems: list[Problem]) -> None:
    if file.is_named:
        raise ConfigError(f"{plain(mistake.at(file.label))}: {mistake.message} {mistake.remedy}") from None
    problems.append(Problem(mistake.at(file.label), f"{mistake.message} The file is not used.", mistake.remedy))


def _with_arguments(
    found: McpFile, arguments: Sequence[str], around: Surroundings, task_manager: ServerEntry
) -> tuple[ServerEntry, ...]:
    """The bundled server unless the user brings one, then those of the file, then those of `--server`."""
    extra: list[ServerEntry] = []
    names = {*found.names, bundled.NAME}
    for number, argument in enumerate(arguments, start=1):
        try:
            entry = read_server_argument(argument, around, names)
        except Mistake as mistake:
            which = f"--server (number {number})" if len(arguments) > 1 else "--server"
            raise ConfigError(f"{which}: {mistake.message} {mistake.remedy}") from None
        names.add(entry.name)
        extra.append(entry)
    is_brought = bundled.NAME in found.names or any(map(bundled.runs, [*found.servers, *extra]))
    return (*(() if is_brought else (task_manager,)), *found.servers, *extra)
