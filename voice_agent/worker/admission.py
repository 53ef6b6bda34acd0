"""Which jobs a worker takes."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from voice_agent.config.profiles import load_profile
from voice_agent.errors import ConfigError, VoiceAgentError
from voice_agent.providers.choose import choose, ports_to_ask
from voice_agent.session.briefing import LANGUAGE
from voice_agent.session.dispatch import read_dispatch
from voice_agent.worker.elder import SINCE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from livekit.agents import JobRequest
    from livekit.agents.job import RunningJobInfo

    from voice_agent.config.load import Config
    from voice_agent.config.profiles import Profile
    from voice_agent.config.settings import Settings
    from voice_agent.session.dispatch import Dispatch
    from voice_agent.worker.load import Load

_COMES = 20.0
"""Seconds that a process may take from the job to the room before another is tried beside it."""

logger = logging.getLogger(__name__)


class Admission:
    """Accepts the jobs that are meant for us, as long as there is room for them."""

    def __init__(
        self,
        config: Config,
        load: Load,
        jobs: Callable[[], Sequence[RunningJobInfo]],
        tell: Callable[[], Awaitable[None]],
    ) -> None:
        """`jobs`: tells which are held; `tell`: tells the LiveKit server the load at once."""
        self._config = config
        self._load = load
        self._jobs = jobs
        self._tell = tell
        self._coming: set[str] = set()
        """Rooms whose jobs wait for a process."""

    async def __call__(self, request: JobRequest) -> None:
        """Accept a job, leave it to other workers where this one is full or cannot do it, or reject it for good."""
        if (wrong := self._wrong(request.job.metadata)) is not None:
            logger.warning("a job was rejected: %s", wrong)
            await request.reject()
        elif (lacking := self._lacking(request.job.metadata)) is not None:
            logger.warning("a job was left to other workers: %s", lacking)
            await request.reject(terminate=False)
        elif self._is_coming(request.job.room.name) or self._load.is_full(len(self._jobs())):
            await request.reject(terminate=False)
        else:
            with self._load.one_more():
                await self._accept(request)

    async def _accept(self, request: JobRequest) -> None:
        room = request.job.room.name
        self._coming.add(room)
        try:
            # LiveKit tells it every few seconds: until then, all that come would be given to this worker.
            await self._tell()
            await request.accept(name="Assistant", attributes={SINCE: str(request.job.state.started_at)})
        finally:
            self._coming.discard(room)

    def _is_coming(self, room: str) -> bool:
        """Tell whether an assistant of ours is on its way to `room`, where it is called again for being slow."""
        oldest = time.time() - _COMES
        started = (job for job in self._jobs() if job.launched_at > oldest)
        return room in self._coming or any(job.job.room.name == room for job in started)

    def _wrong(self, metadata: str) -> str | None:
        """Return why no worker can hold this job; None where one can."""
        try:
            dispatch = read_dispatch(metadata)
            if dispatch.profile is not None:
                self._profile(dispatch)
            if dispatch.language is not None and not LANGUAGE.fullmatch(dispatch.language):
                return f"“{dispatch.language}” is no language"
            if dispatch.zone is not None:
                ZoneInfo(dispatch.zone)
        except (ValueError, KeyError, OSError, ConfigError) as error:
            return str(error)
        return None

    def _lacking(self, metadata: str) -> str | None:
        """Return what this worker has no key or package for; None where it has all that the job needs."""
        dispatch = read_dispatch(metadata)
        if dispatch.profile is None and dispatch.language is None:
            return None
        profile, settings = self._profile(dispatch)
        if ports_to_ask(profile, settings):
            # A server on this machine may do it; only asking it would tell.
            return None
        try:
            choose(profile, settings, {})
        except VoiceAgentError as error:
            return str(error)
        return None

    def _profile(self, dispatch: Dispatch) -> tuple[Profile, Settings]:
        told = {"profile": dispatch.profile, "language": dispatch.language}
        settings = self._config.settings
        settings = settings.model_copy(update={name: value for name, value in told.items() if value is not None})
        return load_profile(settings.profile, settings, folders=[self._config.home / "profiles"]), settings
