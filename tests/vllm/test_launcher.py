"""What `frontdesk vllm` and docker-compose.yml write is what the installed server reads."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from inference.server import VllmOptions, reasoning_parser, vllm_command
from tests.support.vllm.server import ROOT, python
from tests.unit.test_compose import filled_command

pytestmark = pytest.mark.vllm

# Reads commands by the server's own parser; says which flags it does not have by that very name, and what it has read.
_READ = """
import json, sys
from vllm.entrypoints.launchers.cli_args import make_arg_parser, validate_parsed_serve_args
from vllm.reasoning import ReasoningParserManager
from vllm.utils.argparse_utils import FlexibleArgumentParser

parser = make_arg_parser(FlexibleArgumentParser())
read = []
for command in json.load(sys.stdin):
    arguments = parser.parse_args(command)
    validate_parsed_serve_args(arguments)
    flags = [word.partition("=")[0] for word in command if word.startswith("--")]
    unknown = [flag for flag in flags if flag not in parser._option_string_actions]
    read.append(vars(arguments) | {"unknown": unknown})
parsers = ReasoningParserManager.list_registered()
print("\\n" + json.dumps({"read": read, "parsers": parsers}, default=str))
"""
THINKERS = ("Qwen/Qwen3-8B", "Qwen/QwQ-32B", "zai-org/GLM-4.6", "allenai/Olmo-3-7B-Think")
EVERYTHING = VllmOptions(THINKERS[0], gpus=2, copies=3, context=16384, served_as="desk", speculate=True)
COMPOSE: Mapping[str, str] = {
    "FRONTDESK_VLLM_MODEL": THINKERS[0],
    "VLLM_REASONING_PARSER": "qwen3",
    "VLLM_SPECULATIVE_CONFIG": '{"method": "ngram", "num_speculative_tokens": 3, "prompt_lookup_max": 4}',
}


# What the documents tell to write behind `--`.
PASSED_ON = re.compile(r"(?:^frontdesk vllm|`(?:frontdesk vllm)?)[^`\n]*?-- (--[^`\n]+)", re.MULTILINE)


def documented_flags() -> list[list[str]]:
    pages = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("vllm.md", "operators.md", "models.md")]
    return [shlex.split(found) for page in pages for found in PASSED_ON.findall(page)]


def arguments_of(options: VllmOptions) -> list[str]:
    return vllm_command(options, ("--model",))


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """How the server reads the launcher's commands and Compose's, in one process: importing vLLM takes its time."""
    commands: list[Sequence[str]] = [
        arguments_of(VllmOptions()),
        arguments_of(EVERYTHING),
        ["--model", *filled_command({})],
        ["--model", *filled_command(COMPOSE)],
        *documented_flags(),
    ]
    process = subprocess.run(
        [python(), "-c", _READ], input=json.dumps(commands), capture_output=True, text=True, timeout=300, check=False
    )
    assert process.returncode == 0, process.stderr[-3000:]
    said: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    return said


def test_every_flag_of_ours_and_of_the_documents_is_known_by_its_whole_name(told: dict[str, Any]) -> None:
    assert len(documented_flags()) > 5
    assert [each["unknown"] for each in told["read"]] == [[]] * len(told["read"])


def test_what_an_option_means_arrives(told: dict[str, Any]) -> None:
    default, everything, *_ = told["read"]
    assert (default["tensor_parallel_size"], default["data_parallel_size"]) == (1, 1)
    assert default["speculative_config"] is None and default["enable_log_requests"] is False
    assert default["generation_config"] == "vllm" and default["max_num_seqs"] == 64
    assert (everything["tensor_parallel_size"], everything["data_parallel_size"]) == (2, 3)
    assert everything["max_model_len"] == 16384 and everything["served_model_name"] == ["desk"]
    assert everything["speculative_config"]["method"] == "ngram"
    assert everything["reasoning_parser"] == "qwen3"


def test_compose_without_settings_of_its_own_is_the_launcher_s_default(told: dict[str, Any]) -> None:
    default, _, bare, filled, *_ = told["read"]
    differ = {name for name in default if default[name] != bare[name]}
    assert differ == {"host"}, "in a container it listens for the other containers"
    assert filled["reasoning_parser"] == "qwen3" and filled["speculative_config"]["num_speculative_tokens"] == 3


def test_the_parsers_of_models_that_think_exist(told: dict[str, Any]) -> None:
    assert {reasoning_parser(model) for model in THINKERS} <= set(told["parsers"])
