"""Reading packed 4-bit weights, in the real file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import ModelError
from retrieval.models.packed_file import PackedFile
from retrieval.models.weights import find_weights


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    packed = find_weights("multilingual-e5-small", tmp_path_factory.mktemp("cache")).packed_file
    assert packed is not None
    return packed


@pytest.fixture(scope="module")
def source(path: Path) -> PackedFile:
    return PackedFile(path)


def test_the_model_has_the_measures_of_multilingual_e5_small(source: PackedFile) -> None:
    sizes, pieces = source.sizes, source.pieces
    assert (sizes.hidden, sizes.layers, sizes.heads, sizes.inner) == (384, 12, 12, 1536)
    assert (sizes.vocabulary, sizes.positions) == (250037, 512)
    assert [pieces.scored[number][0] for number in (pieces.begin, pieces.end, pieces.pad, pieces.unknown)] == [
        "<s>",
        "</s>",
        "<pad>",
        "<unk>",
    ]
    assert (len(pieces.scored), pieces.rewritten["ﬁ"], pieces.rewritten["\t"]) == (250002, "fi", " ")


def test_a_matrix_is_its_blocks_of_sixteen_levels_times_their_scales(source: PackedFile) -> None:
    scales, weights = source.read_blocks(["l0.q.w", "l0.k.w"])
    assert (scales.shape, weights.shape) == ((768, 12), (768, 12, 32))
    assert weights.min() == 0
    assert weights.max() == 15
    matrix = source.read_matrix(["l0.q.w", "l0.k.w"])
    assert matrix.shape == (768, 384)
    row, block, place = 500, 7, 20
    expected = (int(weights[row, block, place]) - 8) * float(scales[row, block])
    assert matrix[row, block * 32 + place] == pytest.approx(expected)
    assert source.read_matrix(["l11.fo.w"]).shape == (384, 1536)
    assert np.isfinite(source.read_floats("emb.ln.w")).all()


def test_a_file_of_another_format_or_cut_short_is_one_clear_line(path: Path, tmp_path: Path) -> None:
    with path.open("rb") as file:
        beginning = file.read(1 << 20)
    for data in (b"", b"GGUF" + beginning[4:], beginning[:40], beginning):
        (tmp_path / "packed.bin").write_bytes(data)
        with pytest.raises(ModelError, match=r"packed\.bin cannot be read as packed weights \(.*\)\.$"):
            PackedFile(tmp_path / "packed.bin")
