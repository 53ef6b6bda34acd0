"""Every environment variable that this program reads, and the setting that it stands for."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pydantic import BaseModel, SecretStr

from voice_agent.config.settings import Settings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

PREFIX = "VOICE_AGENT_"
HOME = "VOICE_AGENT_HOME"
SETTINGS_FILE = "VOICE_AGENT_CONFIG"
MCP_FILE = "VOICE_AGENT_MCP_CONFIG"
SECRETS_FOLDER = "VOICE_AGENT_SECRETS_DIR"

PLACES = (HOME, SETTINGS_FILE, MCP_FILE, SECRETS_FOLDER)
"""Variables that say where things are."""
CONVENTIONAL = {
    "OPENAI_API_KEY": "openai_api_key",
    "OPENAI_BASE_URL": "openai_base_url",
    "DEEPGRAM_API_KEY": "deepgram_api_key",
    "CARTESIA_API_KEY": "cartesia_api_key",
    "LIVEKIT_URL": "livekit.url",
    "LIVEKIT_API_KEY": "livekit.api_key",
    "LIVEKIT_API_SECRET": "livekit.api_secret",
}
"""Variables that every program for these services knows; weaker than our own."""


@cache
def leaves() -> dict[str, FieldInfo]:
    """Each setting that holds a value, by its dotted name."""
    found: dict[str, FieldInfo] = {}

    def walk(model: type[BaseModel], prefix: str) -> None:
        for name, field in model.model_fields.items():
            kind = field.annotation
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                walk(kind, f"{prefix}{name}.")
            else:
                found[prefix + name] = field

    walk(Settings, "")
    return found


@cache
def own() -> dict[str, str]:
    """Our own variables, and the dotted name of the setting that each stands for."""
    return {PREFIX + name.upper().replace(".", "__"): name for name in leaves()}


@cache
def in_files() -> dict[str, str]:
    """`NAME_FILE` variables, which name a file with the value; of settings that are secret."""
    secret = {name for name, field in leaves().items() if is_secret(field)}
    pairs = [*own().items(), *CONVENTIONAL.items()]
    return {variable + "_FILE": name for variable, name in pairs if name in secret}


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting is never shown."""
    return SecretStr in getattr(field.annotation, "__args__", (field.annotation,))
