"""What LiveKit runs in the process of a job, named here so that the worker itself need not import it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from livekit.agents import JobContext, JobProcess

    from voice_agent.config.load import Config
    from voice_agent.worker.source import Source


def prepare(config: Config, process: JobProcess) -> None:
    """Load the weights of the worker's own profile."""
    from voice_agent.worker import job

    job.prepare(config, process)


async def hold(source: Source, ctx: JobContext) -> None:
    """Begin the conversation; it goes on when this has returned."""
    from voice_agent.worker import job

    await job.hold(source, ctx)


async def finish(ctx: JobContext) -> None:
    """End the conversation, tell the page, and complete the record."""
    from voice_agent.worker import job

    await job.finish(ctx)
