"""A real vLLM server on the CPU, as a process of its own, started with what the launcher writes."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from inference.server import VllmOptions, vllm_command

ROOT = Path(__file__).parents[3]
START_SECONDS = 300.0  # machines that test are busy
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever proxy the tests run behind

# Of a card the launcher takes all but a tenth; of a machine's memory others need more.
ON_THIS_MACHINE = ("--enforce-eager", "--gpu-memory-utilization", "0.3")
RUNNING = "vllm:num_requests_running"
GENERATED = "vllm:generation_tokens_total"
CACHE_QUERIES = "vllm:prefix_cache_queries_total"  # in tokens
CACHE_HITS = "vllm:prefix_cache_hits_total"
GUESSES = "vllm:spec_decode_num_drafts_total"  # steps in which tokens were guessed
GUESSED = "vllm:spec_decode_num_draft_tokens_total"
GUESSED_RIGHT = "vllm:spec_decode_num_accepted_tokens_total"


class VllmServer:
    """`with VllmServer(model_folder, log_folder) as server:` a server that is healthy.

    Killed, it may be started again on the same port.
    """

    def __init__(
        self,
        model: Path,
        folder: Path,
        *,
        name: str = "tiny",
        context: int = 4096,
        dtype: str = "float32",
        speculate: bool = False,
        extra: tuple[str, ...] = (),
    ) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._options = VllmOptions(
            str(model),
            port=self.port,
            context=context,
            served_as=name,
            speculate=speculate,
            extra=("--dtype", dtype, *ON_THIS_MACHINE, *extra),
        )
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / f"vllm-{self.port}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it and wait until it is healthy."""
        with self._log.open("ab") as log:
            command = vllm_command(self._options, program())
            self._process = subprocess.Popen(
                command, env=_environment(), stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + START_SECONDS
        while not self._healthy():
            assert self._process.poll() is None, f"vLLM ended:\n{self.log}"
            assert time.monotonic() < until, f"vLLM was not up within {START_SECONDS} s:\n{self.log}"
            time.sleep(0.2)

    def kill(self) -> None:
        """SIGKILL, its engine too."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Within it no token is made: what its HTTP side hears meanwhile, the engine hears before its next one."""
        engine = self._children()
        assert engine, "vLLM's engine is a process of its own"
        for pid in engine:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in engine:
                os.kill(pid, signal.SIGCONT)

    def _children(self) -> list[int]:
        assert self._process is not None
        tasks = Path(f"/proc/{self._process.pid}/task").iterdir()
        return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]

    @property
    def running(self) -> bool:
        """Whether the process was started and not killed."""
        return self._process is not None

    def metrics(self) -> dict[str, float]:
        """Its metrics by name, summed over their labels."""
        with _DIRECT.open(f"{self.url}/metrics", timeout=10) as response:
            text = response.read().decode()
        sums: defaultdict[str, float] = defaultdict(float)
        for name, value in re.findall(r"^([\w:]+)(?:\{.*\})? ([\d.e+-]+)$", text, re.MULTILINE):
            sums[name] += float(value)
        return sums

    @property
    def log(self) -> str:
        """The end of its log."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-6000:] if self._log.exists() else ""

    def _healthy(self) -> bool:
        try:
            with _DIRECT.open(f"{self.url}/health", timeout=2) as response:
                return bool(response.status == 200)
        except OSError:
            return False


def program() -> tuple[str, ...]:
    """What starts the installed server, up to the model's name."""
    return (str(python()), "-m", "vllm.entrypoints.openai.api_server", "--model")


def python() -> Path:
    python = Path(os.environ.get("FRONTDESK_TEST_VLLM_PYTHON") or ROOT / ".venv-vllm" / "bin" / "python")
    assert python.exists(), f"there is no vLLM at {python}: run 'make vllm'"
    return python


def _environment() -> dict[str, str]:
    dropped = ("frontdesk_", "virtual_env", "pythonpath", "http_proxy", "https_proxy", "all_proxy")
    kept = {key: value for key, value in os.environ.items() if not key.lower().startswith(dropped)}
    own = {"VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    return kept | own
