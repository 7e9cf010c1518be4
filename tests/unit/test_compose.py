"""docker-compose.yml holds together, and starts vLLM as `frontdesk vllm` does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.platforms.registry import find_sections
from bot.settings import Settings
from inference.server import DEFAULT_MODEL, VllmOptions, vllm_command

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
TEXT = FILE.read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
SETTINGS = {name for section in (Settings, *find_sections()) for name in section.environment_variables()}
STANDING = {name: service for name, service in SERVICES.items() if service.get("profiles") != ["cli"]}


def filled(value: str, env: Mapping[str, str] | None = None) -> str:
    """As Compose fills variables in."""
    return VARIABLE.sub(lambda found: (env or {}).get(found[1]) or found[2] or "", value)


def flags(command: Sequence[str]) -> dict[str, str]:
    """What a command of vLLM's says, however its flags are written. An empty value is vLLM's default."""
    words = [word for part in command for word in (part.split("=", 1) if part.startswith("--") else [part])]
    said, name = {}, "program"
    for word in words:
        if word.startswith("--"):
            name = word
            said[name] = ""
        else:
            said[name] = f"{said.get(name, '')} {word}".strip()
    return {name: value for name, value in said.items() if value or name.startswith("--no-")}


def filled_command(env: Mapping[str, str] | None = None) -> list[str]:
    """What Compose hands to vLLM."""
    return [filled(part, env) for part in SERVICES["vllm"]["command"]]


def vllm_s_command(env: Mapping[str, str] | None = None) -> dict[str, str]:
    return flags([*SERVICES["vllm"]["entrypoint"], *filled_command(env)])


def launcher_s_command(model: str, *, speculate: bool = False) -> dict[str, str]:
    return flags(vllm_command(VllmOptions(model=model, host="0.0.0.0", speculate=speculate)))


def test_vllm_gets_the_flags_that_the_launcher_gives_it() -> None:
    assert vllm_s_command() == launcher_s_command(DEFAULT_MODEL)


def test_another_model_and_the_parser_of_its_thoughts_come_from_the_environment() -> None:
    env = {"FRONTDESK_VLLM_MODEL": "Qwen/Qwen3-4B-Thinking-2507", "VLLM_REASONING_PARSER": "deepseek_r1"}
    assert vllm_s_command(env) == launcher_s_command("Qwen/Qwen3-4B-Thinking-2507")


def test_what_the_launcher_guesses_tokens_with_comes_from_the_environment() -> None:
    told = launcher_s_command(DEFAULT_MODEL, speculate=True)
    assert vllm_s_command({"VLLM_SPECULATIVE_CONFIG": told["--speculative-config"]}) == told


def test_the_image_is_of_a_fixed_version() -> None:
    assert re.fullmatch(r"vllm/vllm-openai:v\d+\.\d+\.\d+", SERVICES["vllm"]["image"])


def test_a_gpu_is_reserved_for_vllm_alone() -> None:
    devices = SERVICES["vllm"]["deploy"]["resources"]["reservations"]["devices"]
    assert [(device["driver"], device["count"], device["capabilities"]) for device in devices] == [
        ("nvidia", 1, ["gpu"])
    ]
    assert SERVICES["vllm"]["shm_size"]
    assert not [name for name, service in SERVICES.items() if "deploy" in service and name != "vllm"]


def test_without_the_gpu_profile_bot_and_database_start_and_no_model_is_asked() -> None:
    assert SERVICES["vllm"]["profiles"] == ["gpu"]
    assert "profiles" not in SERVICES["bot"]
    assert "profiles" not in SERVICES["postgres"]
    assert SERVICES["bot"]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "vllm": {"condition": "service_healthy", "required": False},
    }
    assert filled(SERVICES["bot"]["environment"]["FRONTDESK_VLLM_URL"]) == ""
    assert filled(SERVICES["bot"]["environment"]["FRONTDESK_VLLM_MODEL"]) == ""


def test_nothing_is_needed_that_another_profile_has() -> None:
    for service in SERVICES.values():
        for name, needed in service.get("depends_on", {}).items():
            assert "profiles" not in SERVICES[name] or needed.get("required") is False
            assert "healthcheck" in SERVICES[name]


@pytest.mark.parametrize("name", STANDING)
def test_what_stands_is_watched_and_started_again(name: str) -> None:
    assert STANDING[name]["healthcheck"]["test"][0] == "CMD"
    assert STANDING[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize(("name", "port", "path"), [("bot", 8080, "readyz"), ("vllm", 8000, "health")])
def test_health_is_asked_of_the_server_by_python_which_both_images_have(name: str, port: int, path: str) -> None:
    program, flag, code = SERVICES[name]["healthcheck"]["test"][1:]
    assert (program.rstrip("3"), flag) == ("python", "-c")
    compile(code, "health check", "exec")
    assert f"http://127.0.0.1:{port}/{path}" in code


def test_a_model_has_time_to_be_downloaded_and_answers_to_be_finished() -> None:
    assert re.fullmatch(r"\d\dm", SERVICES["vllm"]["healthcheck"]["start_period"])
    assert int(SERVICES["bot"]["stop_grace_period"].rstrip("s")) > Settings.model_fields["drain_seconds"].default


def test_ports_are_published_on_loopback_alone() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert sorted(ports) == ["127.0.0.1:8000:8000", "127.0.0.1:8080:8080"]


def test_every_variable_is_a_setting_or_explained_at_the_top() -> None:
    top = TEXT.split("\nx-frontdesk:")[0]
    used = {name for name, _ in VARIABLE.findall(TEXT)}
    assert TEXT.count("$") == len(VARIABLE.findall(TEXT))
    for name in used - SETTINGS:
        assert re.search(rf"\b{name}\b", top), name
    assert {name for name in SETTINGS if name.startswith("FRONTDESK_VLLM_")} <= used


def test_every_setting_that_a_container_gets_exists() -> None:
    for name in ("frontdesk", "bot"):
        assert set(SERVICES[name]["environment"]) <= SETTINGS


def test_the_database_whose_password_has_a_default_is_not_published() -> None:
    assert "ports" not in SERVICES["postgres"]


def test_the_file_holds_no_secret() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"TOKEN|KEY|SECRET", name):
                assert re.fullmatch(r"\$\{\w+:-\}", value), name
    assert not re.search(r"xox[abp]-\w|xapp-\w|hf_\w{8}|sk-\w{8}|Bearer ", TEXT)


def test_the_key_reaches_vllm_by_its_environment_alone() -> None:
    assert SERVICES["vllm"]["environment"]["VLLM_API_KEY"] == SERVICES["bot"]["environment"]["FRONTDESK_VLLM_API_KEY"]
    assert not [part for part in SERVICES["vllm"]["command"] if "KEY" in part or "TOKEN" in part]


def test_named_volumes_are_declared_and_used() -> None:
    mounted = {str(volume).split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert {name for name in mounted if not name.startswith((".", "/", "~"))} == set(COMPOSE["volumes"])
