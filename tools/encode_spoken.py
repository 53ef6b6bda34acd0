"""Writes what the lines of `spoken.txt` mean into `spoken.npz`; run it after a change of those lines."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from voice_agent.bridge.find.meaning import Senses
from voice_agent.bridge.find.spoken import spoken
from voice_agent.bridge.find.vectors import BUNDLED, load_vectors


def main() -> int:
    """Encode every line anew; the exit status is 1 where the weights are not installed."""
    with tempfile.TemporaryDirectory() as folder:
        BUNDLED.unlink(missing_ok=True)
        file = Path(folder) / BUNDLED.name
        vectors = load_vectors(file)
        if vectors is None:
            sys.stderr.write("The weights are not installed: pip install 'voice-agent[search]'.\n")
            return 1
        Senses(vectors, spoken())
        BUNDLED.write_bytes(file.read_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
