"""What the child processes of servers see of this process's environment.

A server is given the variables that programs need to run at all: those that the MCP SDK passes (HOME, LOGNAME, PATH,
SHELL, TERM, USER and the basics of Windows, `mcp.client.stdio.DEFAULT_INHERITED_ENV_VARS`), language and time zone,
where to put files, how to reach the network through a proxy or with a company's certificates, and from where `npx`,
`uvx` or `docker` take packages. Everything else, above all keys, tokens and passwords, it gets only if its own entry
says so (`"env": {"TOKEN": "${TOKEN}"}`): our providers' keys and those of other servers are none of its business.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_GROUPS = {
    "the SDK's": "HOME LOGNAME PATH SHELL TERM USER",
    "people's language and time": "LANG LANGUAGE TZ TZDIR",
    "temporary files": "TMPDIR TEMP TMP",
    "proxies": "HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY FTP_PROXY",
    "certificates": (
        "SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE NODE_EXTRA_CA_CERTS NIX_SSL_CERT_FILE"
    ),
    "Python": "VIRTUAL_ENV CONDA_PREFIX PYENV_ROOT PYENV_VERSION PIPX_HOME PIPX_BIN_DIR",
    "Node": (
        "NVM_DIR NVM_BIN VOLTA_HOME FNM_DIR FNM_MULTISHELL_PATH NODENV_ROOT NODE_PATH COREPACK_HOME PNPM_HOME DENO_DIR"
        " BUN_INSTALL PLAYWRIGHT_BROWSERS_PATH"
    ),
    "other languages": "ASDF_DIR ASDF_DATA_DIR MISE_DATA_DIR JAVA_HOME DOTNET_ROOT",
    "containers": "DOCKER_HOST DOCKER_CONFIG DOCKER_CONTEXT DOCKER_CERT_PATH DOCKER_TLS_VERIFY",
    "a browser on the screen": "DISPLAY WAYLAND_DISPLAY XAUTHORITY BROWSER",
    "Windows": (
        "APPDATA LOCALAPPDATA PROGRAMDATA PROGRAMFILES PROGRAMFILES(X86) PROGRAMW6432 COMMONPROGRAMFILES SYSTEMROOT"
        " SYSTEMDRIVE WINDIR COMSPEC PATHEXT USERPROFILE HOMEDRIVE HOMEPATH USERNAME PUBLIC NUMBER_OF_PROCESSORS"
        " PROCESSOR_ARCHITECTURE"
    ),
}
_NAMES = frozenset(name for names in _GROUPS.values() for name in names.split())
_PREFIXES = ("LC_", "XDG_", "PIP_", "UV_", "NPM_CONFIG_", "YARN_")
_SECRET = re.compile(r"TOKEN|PASSW|SECRET|AUTH|CREDENTIAL|(?:^|_)(?:USER(?:NAME)?|PASS|KEY)$")


def inherited_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The part of `environ` (by default this process's) that any server may see."""
    source = os.environ if environ is None else environ
    # A value that starts with "()" is a function that bash has exported: code, not a value.
    return {name: value for name, value in source.items() if _is_passed(name) and not value.startswith("()")}


def child_environment(own: Mapping[str, str], environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a server's process is given: what any server may see, then its entry's own variables.

    The folder of our own Python is the last of its PATH, so that programs that were installed with us are found.
    """
    found = {**inherited_environment(environ), **own}
    beside = str(Path(sys.executable).parent) if sys.executable else ""
    path = found.get("PATH", os.defpath)
    if beside and beside not in path.split(os.pathsep):
        found["PATH"] = f"{path}{os.pathsep}{beside}" if path else beside
    return found


def _is_passed(name: str) -> bool:
    upper = name.upper()
    return upper in _NAMES or (upper.startswith(_PREFIXES) and not _SECRET.search(upper))
