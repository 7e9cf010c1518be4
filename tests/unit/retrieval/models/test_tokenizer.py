"""The unigram tokenizer of a packed model: the ids of XLM-RoBERTa, whatever a text holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retrieval.errors import ModelError
from retrieval.models.packed_file import Pieces
from retrieval.models.tokenizer import PIECES, UnigramTokenizer, open_tokenizer, write_pieces
from tests.support.embedding import MODELS, multilingual_embedder
from tests.support.tiny_model import LINES, unigram_tokenizer

AROUND = 0, 2


@pytest.fixture(scope="module")
def tokenizer() -> UnigramTokenizer:
    multilingual_embedder()
    (folder,) = MODELS.glob("multilingual-e5-small-*")
    return UnigramTokenizer(folder / PIECES, 512, AROUND)


def test_the_ids_are_those_of_the_original_tokenizer(tokenizer: UnigramTokenizer) -> None:
    assert tokenizer.encode(["query: 如何退货？"]) == [[0, 41, 1294, 12, 6, 5733, 12461, 24781, 32, 2]]
    assert tokenizer.encode(["", "a"]) == [[0, 2], [0, 10, 2]]


@pytest.mark.parametrize("text", ["a\tb", "a\n b", "  a   b  ", "a\u200bb", "a\u3000b", "\x07a b", "ａ　ｂ"])
def test_spaces_of_all_kinds_and_controls_make_no_difference(tokenizer: UnigramTokenizer, text: str) -> None:
    assert tokenizer.encode([text]) == tokenizer.encode(["a b"])


def test_special_tokens_that_a_text_spells_out_are_only_words(tokenizer: UnigramTokenizer) -> None:
    (ids,) = tokenizer.encode(["</s> <s> hello <pad>"])
    assert not {0, 1, 2} & set(ids[1:-1])


def test_a_long_text_is_cut_before_its_end_mark_and_counted_whole(tokenizer: UnigramTokenizer) -> None:
    (ids,) = tokenizer.encode(["word " * 700])
    assert (len(ids), ids[0], ids[-1]) == (512, *AROUND)
    assert tokenizer.count_tokens("word " * 700) == 702


def test_the_ids_are_those_of_the_tokenizers_library(tmp_path: Path) -> None:
    library = unigram_tokenizer(LINES).backend_tokenizer
    vocabulary = [(piece, score) for piece, score in json.loads(library.to_str())["model"]["vocab"]]
    write_pieces(Pieces(vocabulary, 0, 2, 1, 3, {}), tmp_path / PIECES)
    ours = open_tokenizer(tmp_path, 512, AROUND)
    texts = [*LINES, "How long? Eine Lieferung, 一般三到五个工作日!", "ÄÖÜ ﬁn ①"]
    assert ours.encode(texts) == [library.encode(text).ids for text in texts]


def test_a_file_that_is_no_tokenizer_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / PIECES).write_bytes(b"\x00" * 50)
    with pytest.raises(ModelError, match=r"pieces\.kit cannot be read"):
        open_tokenizer(tmp_path, 512, AROUND)
    with pytest.raises(ModelError, match=r"tokenizer\.json cannot be read"):
        open_tokenizer(tmp_path, 512, ())
