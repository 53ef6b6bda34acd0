"""Secret files, as containers and Kubernetes mount them: one value a file, named as its variable in lower case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voice_agent.config.files import is_file, read_text
from voice_agent.config.mistake import Mistake
from voice_agent.config.types import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class SecretFiles:
    """The folders that may hold secret files, the stronger one first."""

    folders: Sequence[Path]
    problems: list[Problem]
    """Files that could not be read are added here."""

    def path(self, variable: str) -> Path | None:
        """The file of `variable`, where there is one."""
        name = variable.lower()
        if not name or "/" in name or "\\" in name or "\0" in name:
            return None
        for folder in self.folders:
            if is_file(folder / name):
                return folder / name
        return None

    def value(self, variable: str) -> str | None:
        """What the file of `variable` says; None where there is none, or it is empty or unreadable."""
        path = self.path(variable)
        return None if path is None else self.read(path, str(path))

    def read(self, path: Path, where: str) -> str | None:
        """The text of a secret file without the blanks and line ends around it."""
        try:
            return read_text(path, limit=_MAX_BYTES).strip() or None
        except Mistake as mistake:
            problem = Problem(where, mistake.message, mistake.remedy)
            if problem not in self.problems:
                self.problems.append(problem)
            return None
