"""The built wheel without extras: the Task Manager and the commands for servers work, nothing of LiveKit is there."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from fastmcp import Client
from fastmcp.client.transports import StdioTransport

from tests.support.program import BIN, PATIENCE, environment

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(out)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return out / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def base(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of programs of an environment that has the wheel and what it needs, without extras."""
    venv = tmp_path_factory.mktemp("base") / "venv"
    uv = shutil.which("uv", path=f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}")
    assert uv is not None
    lock = ["--constraint", str(ROOT / "requirements.lock")]
    for command in (
        ["venv", "-q", "--python", sys.executable, str(venv)],
        ["pip", "install", "-q", "--python", str(venv / "bin/python"), *lock, str(wheel)],
    ):
        done = subprocess.run([uv, *command], capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0, done.stderr
    return venv / "bin"


def program(base: Path, home: Path, *command: str) -> subprocess.CompletedProcess[str]:
    env = {**environment(home), "PATH": f"{base}{os.pathsep}/usr/bin{os.pathsep}/bin"}
    return subprocess.run(
        [str(base / command[0]), *command[1:]],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=env,
        cwd=home,
        stdin=subprocess.DEVNULL,
    )


def test_the_wheel_holds_what_is_read_at_run_time(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    page = ROOT / "voice_agent" / "web" / "page"
    for path in [*ROOT.glob("voice_agent/**/*"), *ROOT.glob("mcp_servers/**/*")]:
        if path.is_file() and page not in path.parents and path.suffix in {".py", ".md", ".toml", ".ini", ".mako"}:
            assert str(path.relative_to(ROOT)) in names
    assert not any(name.startswith(("tests", "benchmarks", "voice_agent/web/page")) for name in names)


def test_the_wheel_holds_the_built_page_and_not_its_source(wheel: Path) -> None:
    built = ROOT / "voice_agent" / "web" / "static"
    if not (built / "index.html").is_file():
        pytest.skip("the page is not built; run: make page")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {str(path.relative_to(ROOT)) for path in built.rglob("*") if path.is_file()} <= names


def test_without_extras_the_task_manager_serves_a_text_client(base: Path, tmp_path: Path) -> None:
    async def use() -> str:
        transport = StdioTransport(str(base / "task-manager-mcp"), [], env=environment(tmp_path))
        async with Client(transport) as client:
            await client.call_tool("create_task", {"title": "buy milk", "due": "tomorrow"})
            result = await client.call_tool("list_tasks", {})
            return json.dumps(result.structured_content)

    assert "buy milk" in asyncio.run(use())


def test_without_extras_the_task_manager_serves_over_http(base: Path, tmp_path: Path) -> None:
    async def use(url: str) -> str:
        async with Client(url) as client:
            await client.call_tool("create_task", {"title": "buy milk", "due": "tomorrow"})
            return json.dumps((await client.call_tool("list_tasks", {})).structured_content)

    command = [str(base / "task-manager-mcp"), "http", "--port", "0"]
    with subprocess.Popen(command, env=environment(tmp_path), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        try:
            assert "buy milk" in asyncio.run(use(first.removeprefix("listening on ").strip()))
        finally:
            process.terminate()
            process.stderr.read()
    assert process.returncode == 0


def test_a_postgresql_address_without_its_driver_says_which_extra_is_missing(base: Path, tmp_path: Path) -> None:
    address = "postgresql://me:secret@127.0.0.1:1/tasks"
    sentence = "PostgreSQL needs a driver that is not installed. Install it with: pip install 'voice-agent[postgres]'."

    async def use() -> tuple[bool, str]:
        transport = StdioTransport(str(base / "task-manager-mcp"), ["--database", address], env=environment(tmp_path))
        async with Client(transport) as client:
            result = await client.call_tool("list_tasks", {}, raise_on_error=False)
            return result.is_error, result.content[0].text  # type: ignore[union-attr] # pyright: ignore[reportAttributeAccessIssue]

    assert asyncio.run(use()) == (True, sentence)
    done = program(base, tmp_path, "task-manager-mcp", "http", "--port", "0", "--database", address)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"task-manager-mcp: {sentence}\n")


def test_without_extras_servers_and_tools_work(base: Path, tmp_path: Path) -> None:
    listed = program(base, tmp_path, "voice-agent", "servers", "--json")
    assert listed.returncode == 0, listed.stderr
    assert [server["state"] for server in json.loads(listed.stdout)] == ["ready"]
    called = program(base, tmp_path, "voice-agent", "tools", "call", "tasks.list_tasks", "{}", "--json")
    assert json.loads(called.stdout)["status"] == "ok"


def test_a_command_whose_extra_is_missing_says_which(base: Path, tmp_path: Path) -> None:
    done = program(base, tmp_path, "voice-agent", "talk", "--text")
    assert done.returncode == 2
    assert "voice-agent[voice]" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_extras_nothing_of_livekit_is_installed(base: Path, tmp_path: Path) -> None:
    done = program(base, tmp_path, "python", "-c", "import importlib.util as u; print(u.find_spec('livekit'))")
    assert done.stdout.strip() == "None"
