"""`compose.yaml`, checked without a container engine: its habits, and that our own parts understand what it says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from tests.support.program import BIN

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
SECRET = re.compile(r"SECRET|PASSWORD|TOKEN|KEYS|API_KEY(?<!LIVEKIT_API_KEY)|PERMIT_KEY")
OURS = ("hub", "worker", "web", "tasks")


def compose() -> dict[str, Any]:
    return cast("dict[str, Any]", yaml.safe_load((ROOT / "compose.yaml").read_text()))


SERVICES: dict[str, dict[str, Any]] = compose()["services"]
each_service = pytest.mark.parametrize("name", SERVICES)


@each_service
def test_every_container_tells_whether_it_is_well(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@each_service
def test_no_container_runs_as_root_or_can_become_it(name: str) -> None:
    service = SERVICES[name]
    in_image = re.findall(r"^USER (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    user = str(service["user"] if "image" in service and "build" not in service else in_image[-1])
    assert int(user.split(":", maxsplit=1)[0]) > 0
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert "privileged" not in service


def test_every_image_of_others_is_pinned_to_one_version() -> None:
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    images = [service["image"] for service in SERVICES.values() if "build" not in service]
    assert bases
    assert images
    for image in [*bases, *images]:
        assert re.search(r":v?\d+\.\d+(\.\d+)?\S*$", image), image


@each_service
def test_no_secret_is_written_down(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        rest = re.sub(r"\$\{[^}]*\}", "", str(value))
        assert not re.search(r"[0-9a-f]{8}|:[^/@:\s]+@", rest), variable
        if SECRET.search(variable):
            assert "${" in str(value), variable


@each_service
def test_what_is_published_is_for_this_machine_alone_unless_told_otherwise(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert port.startswith(("127.0.0.1:", "${PUBLISH_AT:-127.0.0.1}:"))


def test_make_secrets_writes_each_secret_that_is_demanded_once(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    script = tmp_path / "tools" / "make_secrets.sh"
    script.write_bytes((ROOT / "tools" / "make_secrets.sh").read_bytes())
    for _ in range(2):
        subprocess.run(["bash", str(script)], check=True, capture_output=True)
    lines = (tmp_path / ".env").read_text().splitlines()
    written = dict(line.split("=") for line in lines)
    demanded = set(re.findall(r"\$\{([A-Z_]+):\?", (ROOT / "compose.yaml").read_text()))
    assert set(written) == demanded
    assert len(lines) == len(demanded) == len(set(written.values()))
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", OURS)
def test_our_programs_know_what_they_are_told(name: str) -> None:
    program, *arguments = SERVICES[name]["command"]
    told = subprocess.run([str(BIN / program), *arguments[:1], "--help"], check=True, capture_output=True, text=True)
    for option in arguments[1:]:
        if option.startswith("--"):
            assert option.split("=")[0] in told.stdout
    known = (ROOT / ".env.example").read_text() + told.stdout
    for variable in SERVICES[name]["environment"]:
        assert variable in known or f"--{variable.removeprefix('TASK_MANAGER_').lower()}" in known, variable


@pytest.mark.parametrize("name", OURS)
def test_what_containers_ask_themselves_is_python_that_can_run(name: str) -> None:
    check: list[str] = SERVICES[name]["healthcheck"]["test"]
    assert check[1:3] == ["python", "-c"]
    compile(check[3], name, "exec")


def test_parts_wait_for_those_they_need_and_share_a_network_with_them() -> None:
    for name, service in SERVICES.items():
        for needed, condition in service.get("depends_on", {}).items():
            assert condition == {"condition": "service_healthy"}
            assert set(service["networks"]) & set(SERVICES[needed]["networks"]) or "hub" in (name, needed)


def test_browsers_that_have_signed_in_at_a_server_come_back_to_the_page_which_hands_it_to_the_hub() -> None:
    hub, web = SERVICES["hub"], SERVICES["web"]
    for name in ("VOICE_AGENT_WEB__URL", "VOICE_AGENT_HUB__ADDRESS", "VOICE_AGENT_HUB__TOKEN"):
        assert hub["environment"][name] == web["environment"][name]
    assert "hub:/run/voice-agent" in hub["volumes"]
    assert "hub:/run/voice-agent" in web["volumes"]


def test_everything_that_is_copied_into_the_image_is_let_into_its_build() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for path in " ".join(copied).split():
        assert (ROOT / path).exists()
        assert path.split("/")[0] in let_in
