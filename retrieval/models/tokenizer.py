"""Texts -> token ids, by the tokenizer of an export: one of the tokenizers library, or a unigram one in kitoken's form.

For the 250,000 pieces of a multilingual model the tokenizers library takes 1.3 s and 280 MB, kitoken .06 s and 45 MB;
the ids are the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from retrieval.errors import ModelError
from retrieval.models import onnx_graph
from retrieval.models.onnx_graph import TOKENIZER
from retrieval.models.packed_file import Pieces

PIECES = "pieces.kit"


# kitoken ends the process with a segmentation fault where a thread that used it has ended and others go on using it.
_THREAD = ThreadPoolExecutor(1, "kitoken")


class Tokenizer(Protocol):
    """Safe to use from several threads."""

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text, special ones included, as many as the model reads."""

    def count_tokens(self, text: str) -> int:
        """How many ids the whole text has, special ones included."""


def open_tokenizer(folder: Path, max_tokens: int, around: tuple[int, ...]) -> Tokenizer:
    """The tokenizer in `folder`; `around` are the ids before and after a text, where it does not add them itself.

    Raises ModelError.
    """
    if around:
        return UnigramTokenizer(folder / PIECES, max_tokens, around)
    return LibraryTokenizer(folder / TOKENIZER, max_tokens)


class LibraryTokenizer:
    """What Hugging Face's tokenizers library wrote."""

    def __init__(self, path: Path, max_tokens: int) -> None:
        """Raises ModelError."""
        self._path = path
        self._cutting = onnx_graph.load_tokenizer(path, max_tokens)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """See the protocol."""
        return [list(encoding.ids) for encoding in self._cutting.encode_batch(list(texts))]

    def count_tokens(self, text: str) -> int:
        """See the protocol."""
        return len(self._uncut_tokenizer.encode(text).ids)

    @cached_property
    def _uncut_tokenizer(self) -> Any:
        return onnx_graph.load_tokenizer(self._path)


class UnigramTokenizer:
    """What `write_pieces` wrote. Special tokens that a text spells out are plain words in it."""

    def __init__(self, path: Path, max_tokens: int, around: tuple[int, ...]) -> None:
        """Raises ModelError."""
        from kitoken import Kitoken

        try:
            self._pieces = _THREAD.submit(Kitoken.from_file, str(path)).result()
        except Exception as error:  # the binding's own
            raise ModelError(f"{path} cannot be read: delete its folder and start again.") from error
        self._begin, self._end = around
        self._most = max_tokens - len(around)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """See the protocol."""
        pieces = _THREAD.submit(lambda: [self._pieces.encode(text, False) for text in texts]).result()
        return [[self._begin, *each[: self._most], self._end] for each in pieces]

    def count_tokens(self, text: str) -> int:
        """See the protocol."""
        return len(_THREAD.submit(self._pieces.encode, text, False).result()) + 2


def write_pieces(pieces: Pieces, path: Path) -> None:
    """Write a unigram tokenizer (XLM-RoBERTa's kind) in the form that loads fast."""
    from kitoken import Kitoken

    special = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    numbers = sorted({pieces.begin, pieces.end, pieces.pad, pieces.unknown})
    description = {
        "version": "1.0",
        "added_tokens": [{"id": number, "content": pieces.scored[number][0], **special} for number in numbers],
        "normalizer": {"type": "Sequence", "normalizers": _build_normalisers(pieces.rewritten)},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "model": {"type": "Unigram", "unk_id": pieces.unknown, "vocab": pieces.scored, "byte_fallback": False},
    }
    Kitoken.from_tokenizers(json.dumps(description).encode()).to_file(str(path))


def _build_normalisers(rewritten: dict[str, str]) -> list[dict[str, Any]]:
    """NFKC, and what the tokenizer's own table has beyond it: spaces of all kinds, and controls that it drops."""
    import unicodedata

    others = {old: new for old, new in rewritten.items() if unicodedata.normalize("NFKC", old) != new}
    steps: list[dict[str, Any]] = [{"type": "NFKC"}]
    for new in sorted(set(others.values())):
        letters = "".join(f"\\x{{{ord(old):x}}}" for old in others if others[old] == new)
        steps.append({"type": "Replace", "pattern": {"Regex": f"[{letters}]"}, "content": new})
    return [
        *steps,
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
        {"type": "Replace", "pattern": {"Regex": "^ | $"}, "content": ""},
    ]
