"""A real vLLM server on the CPU, as a process of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Self

import aiohttp

ROOT = Path(__file__).parents[3]
START_SECONDS = 180.0


class VllmServer:
    """`with VllmServer(model, folder) as server:` a server that is healthy; its log is written to `folder`.

    Killed or terminated, it may be started again: the port stays. Starting takes most of a minute and blocks: where an
    event loop runs, do it by `asyncio.to_thread`. `flags` are vLLM's, and come last.
    """

    def __init__(self, model: Path, folder: Path, *flags: str, name: str = "chain", context: int = 4096) -> None:
        self._model, self._name, self._context, self._flags = model, name, context, flags
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
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

    # its life

    def start(self) -> None:
        """Start it and wait until it is healthy."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), env=_environment(), stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + START_SECONDS
        while not self._healthy():
            assert self._process.poll() is None, f"vLLM ended:\n{self.log}"
            assert time.monotonic() < until, f"vLLM is not healthy within {START_SECONDS} s:\n{self.log}"
            time.sleep(0.2)

    def kill(self) -> None:
        """SIGKILL, to its engine too, which is a process of its own."""
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def terminate(self, timeout: float = 30) -> int:
        """SIGTERM; the exit status."""
        assert self._process
        self._process.terminate()
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"did not end within {timeout} s of SIGTERM:\n{self.log}") from None
        finally:
            self.kill()

    # what it says

    @property
    def log(self) -> str:
        """The end of what it has logged."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-6000:] if self._log.exists() else ""

    async def metrics(self) -> dict[str, float]:
        """Its metrics by name, summed over their labels."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/metrics") as response:
            text = await response.text()
        sums: defaultdict[str, float] = defaultdict(float)
        for name, value in re.findall(r"^([\w:]+)(?:\{.*\})? (\S+)$", text, re.MULTILINE):
            sums[name] += float(value)
        return dict(sums)

    async def running(self) -> int:
        """How many requests it works on, and how many wait for that. The engine tells it by the step."""
        metrics = await self.metrics()
        return int(metrics["vllm:num_requests_running"] + metrics["vllm:num_requests_waiting"])

    async def generated(self) -> int:
        """How many tokens it has made since its start."""
        return int((await self.metrics())["vllm:generation_tokens_total"])

    async def prefix_cache(self) -> tuple[int, int]:
        """How many tokens of prompts were looked up in the cache, and how many were found."""
        metrics = await self.metrics()
        return int(metrics["vllm:prefix_cache_queries_total"]), int(metrics["vllm:prefix_cache_hits_total"])

    def _healthy(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.url}/health", timeout=2):
                return True
        except OSError:
            return False

    def _command(self) -> list[str]:
        options = {
            "--model": str(self._model),
            "--served-model-name": self._name,
            "--host": "127.0.0.1",
            "--port": str(self.port),
            "--max-model-len": str(self._context),
            "--dtype": "float32",
        }
        named = [part for option in options.items() for part in option]
        return [str(_python()), "-m", "vllm.entrypoints.openai.api_server", *named, "--enforce-eager", *self._flags]


def _python() -> Path:
    python = Path(os.environ.get("FRONTDESK_TEST_VLLM_PYTHON") or ROOT / ".venv-vllm" / "bin" / "python")
    assert python.exists(), f"there is no vLLM at {python}: run `make vllm`"
    return python


def _environment() -> dict[str, str]:
    foreign = ("frontdesk_", "vllm_", "virtual_env", "pythonpath", "http_proxy", "https_proxy", "all_proxy")
    kept = {key: value for key, value in os.environ.items() if not key.lower().startswith(foreign)}
    return kept | {
        "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
    }
