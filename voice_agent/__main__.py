"""`python -m voice_agent`: the same as `voice-agent`."""

from voice_agent.cli.main import run

run()
