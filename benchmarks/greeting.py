"""Process start until the greeting, against importing LiveKit and its plugins alone, run in turns.

python benchmarks/greeting.py [--runs 5] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

IMPORTS = "import livekit.agents; from livekit.plugins import cartesia, deepgram, openai, silero"
TALK = [str(Path(sys.executable).parent / "voice-agent"), "talk", "--profile", "offline", "--json"]


def until_greeting(home: Path, *mode: str) -> float:
    """Seconds from the start of the process to the first sound or text of the greeting."""
    env = {"VOICE_AGENT_HOME": str(home), "XDG_DATA_HOME": str(home), "HOME": str(home), "PATH": "/usr/bin:/bin"}
    started = time.perf_counter()
    process = subprocess.Popen(
        [*TALK, *mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    for line in process.stdout:
        said = json.loads(line)
        if said["event"] == "state" and said["agent"] == "speaking":
            break
    took = time.perf_counter() - started
    process.terminate()
    process.communicate()
    return took


def until_imported() -> float:
    """Seconds that a process takes that only imports."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", IMPORTS], check=True)
    return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    silence = Path(tempfile.mkdtemp()) / "silence.wav"
    silence.write_bytes(_silence())
    rows: dict[str, list[float]] = {"imports alone": [], "greeting, typed": [], "greeting, spoken": []}
    with tempfile.TemporaryDirectory() as home:
        until_greeting(Path(home), "--text")
        for _ in range(args.runs):
            rows["imports alone"].append(until_imported())
            rows["greeting, typed"].append(until_greeting(Path(home), "--text"))
            rows["greeting, spoken"].append(until_greeting(Path(home), "--wav", str(silence)))
    report = {
        name: {
            "seconds": round(statistics.median(times), 3),
            "ratio": round(statistics.median(t / b for t, b in zip(times, rows["imports alone"], strict=True)), 2),
            "ratio_min": round(min(t / b for t, b in zip(times, rows["imports alone"], strict=True)), 2),
            "ratio_max": round(max(t / b for t, b in zip(times, rows["imports alone"], strict=True)), 2),
        }
        for name, times in rows.items()
    }
    if args.json:
        print(json.dumps(report))
        return
    print(f"{'':18} {'median s':>9} {'ratio':>6}  spread, goal 2.0")
    for name, row in report.items():
        print(f"{name:18} {row['seconds']:9.2f} {row['ratio']:6.2f}  {row['ratio_min']:.2f} to {row['ratio_max']:.2f}")


def _silence() -> bytes:
    import io
    import wave

    memory = io.BytesIO()
    with wave.open(memory, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(32_000))
    return memory.getvalue()


if __name__ == "__main__":
    main()
