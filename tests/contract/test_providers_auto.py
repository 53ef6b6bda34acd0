"""Profile `auto` on a machine where something listens: real ports, asked for real."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import pytest
from aiohttp import web
from pydantic import SecretStr

from tests.fakes.faults import Fault
from tests.fakes.openai_api import FakeOpenAI
from tests.fakes.stacks import ask
from voice_agent.config.profiles import Profile, load_profile
from voice_agent.config.settings import Settings
from voice_agent.errors import ConfigError
from voice_agent.providers.build import build
from voice_agent.providers.local_server import find_local_servers

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from pathlib import Path

pytestmark = pytest.mark.contract

NOBODY = Settings()


def automatic(folder: Path, *ports: int, settings: Settings = NOBODY) -> Profile:
    (folder / "here.toml").write_text(
        f"""
        automatic = true
        stt = [{{provider = "offline"}}]
        tts = [{{provider = "offline"}}]
        [[llm]]
        provider = "openai"
        [[llm]]
        provider = "openai-compatible"
        ports = {list(ports)}
        refuse = ["*embed*"]
        [[llm]]
        provider = "offline"
        """
    )
    return load_profile("here", settings, folders=[folder])


@asynccontextmanager
async def something(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncGenerator[int]:
    """Something else that listens on a port."""
    app = web.Application()
    app.router.add_get("/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def test_a_model_server_that_answers_is_used_without_any_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cast("Any", find_local_servers).__kwdefaults__, "timeout", 15.0)
    async with FakeOpenAI(["Hello."], models=("nomic-embed-text", "qwen3:4b"), key=None) as server:
        stack = await build(NOBODY, profile=automatic(tmp_path, server.port), need="text")
        [choice] = stack.choices
        assert str(choice) == (
            f"brain: qwen3:4b at {server.base_url}, because a model server answers at {server.base_url}"
        )
        assert (await ask(stack.llm)).text == "Hello."
        await stack.aclose()


async def test_with_a_key_no_port_is_asked_and_the_key_goes_to_nobody_else(tmp_path: Path) -> None:
    settings = Settings(openai_api_key=SecretStr("sk-mine"))
    async with FakeOpenAI(key=None) as server:
        stack = await build(settings, profile=automatic(tmp_path, server.port, settings=settings), need="text")
        assert stack.choices[0].provider == "openai"
        assert not server.listed.is_set()
        await stack.aclose()


async def test_a_servers_own_key_and_model_can_be_set() -> None:
    async with FakeOpenAI(["Hello."], models=("a", "b"), key="local-key") as server:
        part = {"base_url": server.base_url, "api_key": "local-key", "model": "b"}
        settings = Settings.model_validate({"llm": part, "openai_api_key": "sk-mine"})
        stack = await build(settings, profile=load_profile("auto", settings), need="text")
        assert (stack.choices[0].model, stack.choices[0].why) == ("b", "llm.base_url is set")
        assert (await ask(stack.llm)).text == "Hello."
        await stack.aclose()


async def test_a_server_named_without_a_model_is_asked_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voice_agent.providers.build._LISTING_TIMEOUT", 15.0)
    async with FakeOpenAI(["Hello."], models=("only-one",), key=None) as server:
        settings = Settings.model_validate({"llm": {"base_url": server.base_url}})
        stack = await build(settings, need="text")
        assert stack.choices[0].model == "only-one"
        await stack.aclose()


async def test_a_server_named_without_a_model_that_is_not_there_is_a_sentence_with_a_remedy() -> None:
    async with FakeOpenAI(key=None) as server:
        url = server.base_url
    with pytest.raises(ConfigError, match=r"llm\.base_url.*Check that it is running, or set llm\.model"):
        await build(Settings.model_validate({"llm": {"base_url": url}}), need="text")


async def test_all_ports_are_asked_at_once() -> None:
    async with AsyncExitStack() as stack:
        second = await stack.enter_async_context(FakeOpenAI(key=None))

        async def answer_once_the_other_was_asked(_: web.Request) -> web.StreamResponse:
            await second.listed.wait()
            return web.json_response({"data": [{"id": "first"}]})

        second.listing = Fault(hang=True)
        port = await stack.enter_async_context(something(answer_once_the_other_was_asked))
        found = await find_local_servers([port, second.port], timeout=3.0)
        assert list(found) == [port]


async def test_a_port_that_never_answers_is_not_waited_for(tmp_path: Path) -> None:
    async with FakeOpenAI(key=None) as server:
        server.listing = Fault(hang=True)
        async with asyncio.timeout(20):
            stack = await build(NOBODY, profile=automatic(tmp_path, server.port), need="text")
        assert stack.choices[0].provider == "offline"
        await stack.aclose()


async def _page(_: web.Request) -> web.StreamResponse:
    return web.Response(text="<html>hello</html>", content_type="text/html")


async def _list(_: web.Request) -> web.StreamResponse:
    return web.json_response(["a", "b"])


async def _numbers(_: web.Request) -> web.StreamResponse:
    return web.json_response({"data": [1, {"id": 2}, {"name": "x"}]})


async def _elsewhere(request: web.Request) -> web.StreamResponse:
    if request.path == "/elsewhere":
        return web.json_response({"data": [{"id": "a"}]})
    raise web.HTTPFound("/elsewhere")


async def _flood(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b'{"data": [' + b" " * 2_000_000 + b'{"id": "a"}]}')


async def _login(_: web.Request) -> web.StreamResponse:
    return web.json_response({"data": [{"id": "a"}]}, status=401)


@pytest.mark.parametrize("handler", [_page, _list, _numbers, _elsewhere, _flood, _login])
async def test_something_else_on_that_port_is_passed_over(handler: Any, tmp_path: Path) -> None:
    async with something(handler) as port:
        stack = await build(NOBODY, profile=automatic(tmp_path, port), need="text")
        assert stack.choices[0].provider == "offline"
        await stack.aclose()
