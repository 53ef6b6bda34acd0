"""Where things are: this user's folder, the files to read, the folders of secret files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from voice_agent.config import variables
from voice_agent.config.files import is_file, is_there
from voice_agent.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MCP_NAMES = ("mcp.json", ".mcp.json")
_SETTINGS_NAMES = ("voice-agent.toml",)
_MOUNTED_SECRETS = "/run/secrets"


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read."""

    path: Path
    label: str
    """How it is called in messages: as it is shortest to read from the current folder."""
    is_named: bool
    """Somebody named it, so it must be there and be good."""


@dataclass(frozen=True, slots=True)
class Places:
    """The result of looking."""

    here: Path
    user_home: Path
    """What `~` means."""
    home: Path
    """The folder of this user's files; it need not exist."""
    secrets: tuple[Path, ...]
    """Folders of secret files, the stronger one first."""
    mcp: Found | None
    settings: Found | None

    @property
    def is_project_file(self) -> bool:
        """Whether servers start in the folder of the `mcp.json`: not of the user's own one, nor of a pipe."""
        return self.mcp is not None and is_file(self.mcp.path) and self.mcp.path.parent != self.home


def look(config: Path | None, env: Mapping[str, str], cwd: Path | None) -> Places:
    """Find the files: `config` (settings if it ends in `.toml`), what variables name, then here, then at home.

    Raises:
        ConfigError: there is no current folder, or no home.
    """
    here = _here() if cwd is None else cwd
    user_home = _user_home(env, here)
    home = _home(env, here, user_home)
    is_toml = config is not None and config.suffix.lower() == ".toml"
    secrets = env.get(variables.SECRETS_FOLDER, "").strip() or _MOUNTED_SECRETS

    def find(argument: Path | None, variable: str, names: Sequence[str]) -> Found | None:
        said = str(argument) if argument is not None else env.get(variable, "").strip()
        if said:
            path = _path(said, here, user_home)
            return Found(path, _label(path, here), is_named=True)
        paths = (folder / name for folder in (here, home) for name in names)
        return next((Found(path, _label(path, here), is_named=False) for path in paths if is_there(path)), None)

    return Places(
        here=here,
        user_home=user_home,
        home=home,
        secrets=(_path(secrets, here, user_home), home / "secrets"),
        mcp=find(None if is_toml else config, variables.MCP_FILE, _MCP_NAMES),
        settings=find(config if is_toml else None, variables.SETTINGS_FILE, _SETTINGS_NAMES),
    )


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:
        raise ConfigError("The current folder does not exist any more. Change to one that does.") from None


def _user_home(env: Mapping[str, str], here: Path) -> Path:
    """What `~` means; a container may run as a user who has no home."""
    if said := env.get("HOME"):
        return Path(said)
    try:
        return Path.home()
    except RuntimeError:
        return here


def _home(env: Mapping[str, str], here: Path, user_home: Path) -> Path:
    if said := env.get(variables.HOME, "").strip():
        return _path(said, here, user_home)
    from platformdirs import user_data_path

    try:
        return user_data_path("voice-agent", appauthor=False)
    except RuntimeError:
        raise ConfigError(f"This user has no home folder. Set {variables.HOME} to a folder for its files.") from None


def _path(said: str, here: Path, user_home: Path) -> Path:
    first, *rest = Path(said).parts or (".",)
    return user_home.joinpath(*rest) if first == "~" else here / said


def _label(path: Path, here: Path) -> str:
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
