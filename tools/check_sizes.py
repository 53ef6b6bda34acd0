"""Fails where a file has more than 400 lines or a function more than 60."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

FILE_LINES = 400
FUNCTION_LINES = 60
ENDINGS = {".py", ".ts", ".css", ".sh"}


def tracked() -> list[Path]:
    """Return the files of this repository, also those not committed yet."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [path for path in map(Path, names) if path.suffix in ENDINGS and path.is_file()]


def too_long(path: Path) -> list[str]:
    """Return a sentence for everything in `path` that is too long."""
    text = path.read_text("utf-8")
    lines = text.count("\n")
    found = [f"{path}: {lines} lines, at most {FILE_LINES}"] if lines > FILE_LINES else []
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES:
                    found.append(f"{path}:{node.lineno}: {node.name} has {length} lines, at most {FUNCTION_LINES}")
    return found


def main() -> int:
    """Check every file; the exit status is 1 where one is too long."""
    found = [sentence for path in tracked() for sentence in too_long(path)]
    print("\n".join(found) or "Sizes are fine.")  # noqa: T201 - the answer of the command
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
