"""Every way in which a provider can fail, brought about for real, and what people are told of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from livekit.agents import APIError
from livekit.agents.types import APIConnectOptions

from tests.fakes.faults import BROKEN, OUT_OF_CREDIT, OVERLOADED, RATE_LIMITED, REFUSED_KEY, Fault
from tests.fakes.server import KEY
from tests.fakes.stacks import Cloud, CloudProfile, ask, cloud, hear, speak
from voice_agent.config.settings import Settings
from voice_agent.providers.build import build
from voice_agent.providers.errors import Failure, translate

if TYPE_CHECKING:
    from tests.fakes.server import FakeServer
    from voice_agent.config.profiles import PartName

pytestmark = pytest.mark.contract

ONCE = APIConnectOptions(max_retry=0, timeout=8.0)
IMPATIENT = APIConnectOptions(max_retry=0, timeout=0.3)
PARTS: tuple[tuple[PartName, CloudProfile, str], ...] = (
    ("stt", "quality", "DEEPGRAM_API_KEY"),
    ("llm", "quality", "OPENAI_API_KEY"),
    ("tts", "quality", "CARTESIA_API_KEY"),
    ("tts", "budget", "DEEPGRAM_API_KEY"),
)
every_part = pytest.mark.parametrize(
    ("part", "profile", "variable"), PARTS, ids=["deepgram", "openai", "cartesia", "aura"]
)


def server_of(providers: Cloud, part: PartName, profile: CloudProfile) -> FakeServer:
    voice = providers.cartesia if profile == "quality" else providers.deepgram
    return {"stt": providers.deepgram, "llm": providers.openai, "tts": voice}[part]


async def failure_of(
    providers: Cloud, part: PartName, profile: CloudProfile, options: APIConnectOptions = ONCE
) -> Failure:
    """Use a part once; what its one error event is translated to."""
    stack = await build(providers.settings(profile))
    instance: Any = getattr(stack, part)
    errors: list[object] = []
    instance.on("error", errors.append)
    use: Any = {"stt": hear, "llm": ask, "tts": speak}[part]
    with pytest.raises(APIError):
        await use(instance, conn_options=options)
    await stack.aclose()
    assert len(errors) == 1
    return translate(errors[0])


@every_part
@pytest.mark.parametrize(
    ("fault", "code", "is_permanent"),
    [
        (REFUSED_KEY, "key_refused", True),
        (Fault(status=403), "key_refused", True),
        (Fault(status=402), "no_credit", True),
        (Fault(status=404), "not_found", True),
        (Fault(status=400), "rejected", False),
        (RATE_LIMITED, "rate_limited", False),
        (BROKEN, "server_error", False),
        (OVERLOADED, "server_error", False),
        (Fault(drop_after=0), "dropped", False),
        (Fault(drop_after=1), "dropped", False),
    ],
    ids=["401", "403", "402", "404", "400", "429", "500", "503", "dropped at once", "dropped half-way"],
)
async def test_a_failure_is_told_for_what_it_is(
    part: PartName, profile: CloudProfile, variable: str, fault: Fault, code: str, *, is_permanent: bool
) -> None:
    async with cloud(hears=["Add buy milk."], model=["Hello you."]) as providers:
        server_of(providers, part, profile).fail_always(fault)
        failure = await failure_of(providers, part, profile)
    assert (failure.part, failure.code, failure.is_permanent) == (part, code, is_permanent)
    if code in ("key_refused", "no_credit", "rate_limited"):
        assert variable in failure.text
    assert KEY not in failure.spoken + failure.text + failure.what


@every_part
async def test_a_provider_that_is_not_there_is_out_of_reach(
    part: PartName, profile: CloudProfile, variable: str
) -> None:
    async with cloud() as providers:
        await server_of(providers, part, profile).stop()
        failure = await failure_of(providers, part, profile)
    assert failure.code == "unreachable"
    assert f"{part}.base_url" in failure.text
    assert variable not in failure.text


@pytest.mark.parametrize(("part", "profile", "variable"), PARTS[1:], ids=["openai", "cartesia", "aura"])
@pytest.mark.parametrize("fault", [Fault(hang=True), Fault(first_delay=30)], ids=["never answers", "never begins"])
async def test_a_provider_that_keeps_silent_took_too_long(
    part: PartName, profile: CloudProfile, variable: str, fault: Fault
) -> None:
    async with cloud(model=["Hello."]) as providers:
        server_of(providers, part, profile).fail_always(fault)
        failure = await failure_of(providers, part, profile, IMPATIENT)
    assert (failure.code, failure.is_permanent) == ("timeout", False)
    assert variable not in failure.text


async def test_ears_whose_handshake_never_ends_are_out_of_reach() -> None:
    async with cloud() as providers:
        providers.deepgram.fail_always(Fault(hang=True))
        assert (await failure_of(providers, "stt", "quality", IMPATIENT)).code == "unreachable"


@pytest.mark.parametrize(("part", "profile", "variable"), PARTS[1:], ids=["openai", "cartesia", "aura"])
async def test_garbage_is_told_as_something_that_cannot_be_read(
    part: PartName, profile: CloudProfile, variable: str
) -> None:
    async with cloud(model=["Hello you."]) as providers:
        server_of(providers, part, profile).fail_always(Fault(garbage_after=1))
        failure = await failure_of(providers, part, profile)
    assert failure.code == "unreadable"
    assert variable not in failure.text


async def test_ears_get_over_a_message_that_cannot_be_read() -> None:
    async with cloud(hears=["Add buy milk."]) as providers:
        providers.deepgram.fail_always(Fault(garbage_after=0))
        stack = await build(providers.settings())
        assert await hear(stack.stt) == "Add buy milk."
        await stack.aclose()


@pytest.mark.parametrize("profile", ["quality", "budget"])
async def test_a_voice_that_closes_its_socket_with_a_code_hung_up(profile: CloudProfile) -> None:
    async with cloud() as providers:
        server_of(providers, "tts", profile).fail_always(Fault(drop_after=1, close_code=1011))
        failure = await failure_of(providers, "tts", profile)
    assert failure.code == "dropped"
    assert "1011" in failure.text


async def test_an_account_without_credit_is_told_apart_from_too_many_requests() -> None:
    async with cloud() as providers:
        providers.openai.fail_always(OUT_OF_CREDIT)
        failure = await failure_of(providers, "llm", "quality")
    assert (failure.code, failure.is_permanent) == ("no_credit", True)
    assert "credit" in failure.spoken


async def test_a_wrong_key_is_not_repeated_though_the_provider_does() -> None:
    async with cloud() as providers:
        providers.openai.key = "another-key"
        failure = await failure_of(providers, "llm", "quality")
    assert failure.spoken == "The language model refused my key, so I can't think right now."
    assert failure.text == "OpenAI (llm) refused the key (HTTP 401). Check OPENAI_API_KEY."


async def test_a_model_server_of_ones_own_is_named_by_its_address() -> None:
    async with cloud() as providers:
        settings = Settings.model_validate(
            {"llm": {"provider": "openai-compatible", "base_url": providers.openai.base_url, "model": "mine"}}
        )
        stack = await build(settings.model_copy(update={"profile": "offline"}), need="text")
        errors: list[Any] = []
        model: Any = stack.llm
        model.on("error", errors.append)
        with pytest.raises(APIError):
            await ask(stack.llm, conn_options=ONCE)
        await stack.aclose()
        assert (
            f"http://127.0.0.1:{providers.openai.port}".removeprefix("http://")
            in translate(Event(errors[0], stack.llm)).text
        )


class Event:
    """The two fields of LiveKit's `ErrorEvent` that matter."""

    def __init__(self, error: object, source: object) -> None:
        self.error = error
        self.source = source


async def test_a_passing_fault_is_got_over_without_anybody_hearing_of_it() -> None:
    async with cloud(hears=["Add milk."], model=["Hello."]) as providers:
        stack = await build(providers.settings())
        for fake in (providers.deepgram, providers.openai, providers.cartesia):
            fake.fail(Fault(status=503))
        options = stack.conn_options
        words, answer, sound = await asyncio.gather(
            hear(stack.stt, conn_options=options.stt_conn_options),
            ask(stack.llm, conn_options=options.llm_conn_options),
            speak(stack.tts, conn_options=options.tts_conn_options),
        )
        assert (words, answer.text, bool(sound)) == ("Add milk.", "Hello.", True)
        await stack.aclose()
