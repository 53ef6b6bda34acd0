"""All sources read once, into one typed result with the origin of each value and every mistake."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from voice_agent.config import bundled, sources, variables
from voice_agent.config.entry import Surroundings
from voice_agent.config.expand import Scope
from voice_agent.config.mcp_file import McpFile, Origin, read_mcp_file
from voice_agent.config.mistake import Mistake, plain
from voice_agent.config.secret_files import SecretFiles
from voice_agent.config.server_argument import read_server_argument
from voice_agent.config.types import Problem, ServerEntry, VoiceOptions
from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from voice_agent.config.settings import Settings

_MCP_NAMES = ("mcp.json", ".mcp.json")
_SETTINGS_NAMES = ("voice-agent.toml",)
_MOUNTED_SECRETS = Path("/run/secrets")


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


@dataclass(frozen=True, slots=True)
class _Named:
    """A file, and whether somebody named it: then it must be there and be good."""

    path: Path
    is_named: bool


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
    here = Path.cwd() if cwd is None else cwd
    home = _home(env, here)
    problems: list[Problem] = []
    secrets = SecretFiles(_secret_folders(env, home), problems)
    is_toml = config is not None and config.suffix.lower() == ".toml"
    toml = _find(config if is_toml else None, env.get(variables.SETTINGS_FILE), _SETTINGS_NAMES, here, home)
    mcp = _find(None if is_toml else config, env.get(variables.MCP_FILE), _MCP_NAMES, here, home)

    from_toml = _read_toml(toml, here, problems) if toml else []
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
    user_home = Path(env.get("HOME") or Path.home())
    found = McpFile()
    if mcp:
        origin = Origin(mcp.path, _label(mcp.path, here), starts_servers_here=_is_project_file(mcp.path, home))
        try:
            found = read_mcp_file(origin, environ=env, secret_file=secrets.value, user_home=user_home, voice=voice)
        except Mistake as mistake:
            _give_up_or_note(mistake, mcp, origin.label, problems)
        problems += found.problems
    around = Surroundings(Scope(env, secrets.value, {}, here, user_home), here, voice)
    attached = _with_arguments(found, servers, around, bundled.task_manager(env, settings.time_zone, voice))
    return Config(
        settings=settings,
        servers=attached,
        disabled=tuple(found.disabled),
        problems=tuple(problems),
        origins=origins,
        home=home,
        mcp_file=mcp.path if mcp else None,
        settings_file=toml.path if toml else None,
    )


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


def _home(env: Mapping[str, str], here: Path) -> Path:
    if said := env.get(variables.HOME, "").strip():
        return here / Path(said).expanduser()
    from platformdirs import user_data_path

    return user_data_path("voice-agent", appauthor=False)


def _secret_folders(env: Mapping[str, str], home: Path) -> list[Path]:
    said = env.get(variables.SECRETS_FOLDER, "").strip()
    return [Path(said).expanduser() if said else _MOUNTED_SECRETS, home / "secrets"]


def _find(argument: Path | None, variable: str | None, names: Sequence[str], here: Path, home: Path) -> _Named | None:
    if argument is not None:
        return _Named(here / argument.expanduser(), is_named=True)
    if variable and variable.strip():
        return _Named(here / Path(variable.strip()).expanduser(), is_named=True)
    for path in (folder / name for folder in (here, home) for name in names):
        try:
            if path.exists():
                return _Named(path, is_named=False)
        except OSError:
            continue
    return None


def _is_project_file(path: Path, home: Path) -> bool:
    """Whether servers start in the folder of the file: not for the user's own, nor for a pipe."""
    return path.is_file() and path.parent != home


def _read_toml(file: _Named, here: Path, problems: list[Problem]) -> list[sources.Value]:
    label = _label(file.path, here)
    try:
        return sources.from_toml(file.path, label, problems)
    except Mistake as mistake:
        _give_up_or_note(mistake, file, label, problems)
        return []


def _give_up_or_note(mistake: Mistake, file: _Named, label: str, problems: list[Problem]) -> None:
    if file.is_named:
        raise ConfigError(f"{plain(mistake.at(label))}: {mistake.message} {mistake.remedy}") from None
    problems.append(Problem(mistake.at(label), f"{mistake.message} The file is not used.", mistake.remedy))


def _label(path: Path, here: Path) -> str:
    """A path as it is shortest to read from here."""
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
