"""A cross-encoder trained on the spot: a two-layer BERT that has learned which made-up words belong together.

"florb" means "grint", 弗珞 means 格琳, and so on: no embedding model and no table of words can know.
"""

from __future__ import annotations

import random
import re
import secrets
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.embedding import MODELS

MEANINGS = {
    "florb": "grint",
    "zemp": "quold",
    "brask": "tivel",
    "nurl": "plomba",
    "弗珞": "格琳",
    "咪嗒": "嗡哧",
    "骉驫": "鱻犇",
    "焱垚": "淼鑫",
}
_ENGLISH = re.findall(
    r"\w+",
    "how do i the a my can you it is to of for when where with in on and please what we our your order page "
    "clean store repair wash send open use need take every week day month water warm box shop cloth dry",
)
_CHINESE = list("怎么如何可以请问我的您在是要每周天月用水清洗擦干保养修理存放寄回打开盒子订单")
_STEPS, _BATCH, _VERSION = 500, 32, 3
_LEARNED = 0.005  # mean loss of the last steps; the tokenizer, and with it what is learned when, differs by chance


@cache
def tiny_reranker() -> Path:
    """The folder of the cross-encoder, trained once for a checkout (some ten seconds)."""
    folder = MODELS / f"tiny-reranker-{_VERSION}"
    if not folder.exists():
        temporary = MODELS / f".tiny-{secrets.token_hex(8)}"
        write_tiny_reranker(temporary)
        try:
            temporary.rename(folder)
        except OSError:  # another process was faster
            if not folder.exists():
                raise
    return folder


def write_tiny_reranker(folder: Path, *, labels: int = 1, steps: int = _STEPS) -> Path:
    """Train it into `folder`; with more than one label, or without steps, nothing is learned; -> `folder`."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(11)
    chance = random.Random(11)
    tokenizer = _tokenizer([text for _ in range(400) for text in _pair(chance, True)])
    config = BertConfig(
        initializer_range=0.1,
        vocab_size=len(tokenizer),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=128,
        num_labels=labels,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model = BertForSequenceClassification(config)
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3)
    model.train()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # several wait for each other where other tests use the cores
    mean = 1.0
    for step in range(4 * steps if labels == 1 else 0):
        if step >= steps and mean < _LEARNED:
            break
        among = min(1.0, max(0.0, step / steps - 0.3) / 0.4)  # the words alone first, then among more and more others
        right = [chance.random() < 0.5 for _ in range(_BATCH)]
        queries, texts = zip(*(_pair(chance, each, among) for each in right), strict=True)
        features = tokenizer(list(queries), list(texts), padding=True, truncation=True, return_tensors="pt")
        logits = model(**features).logits[:, 0]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.tensor(right, dtype=torch.float32))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        mean += 0.02 * (loss.item() - mean)
    torch.set_num_threads(threads)
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _pair(chance: random.Random, right: bool, among: float = 1.0) -> tuple[str, str]:
    word = chance.choice(list(MEANINGS))
    chinese = not word.isascii()
    like = [other for other in MEANINGS if other.isascii() != chinese]
    meaning = MEANINGS[word] if right else MEANINGS[chance.choice([other for other in like if other != word])]
    query = _sentence(chance, word, chinese, int(8 * among))
    return query, _sentence(chance, meaning, chinese, int(24 * among), chance.randint(1, 2))


def _sentence(chance: random.Random, word: str, chinese: bool, length: int, times: int = 1) -> str:
    words = chance.choices(_CHINESE if chinese else _ENGLISH, k=chance.randint(0, length))
    for _ in range(times):
        words.insert(chance.randint(0, len(words)), word)
    return ("" if chinese else " ").join(words) + ("？" if chinese else "?")


def _tokenizer(lines: Sequence[str]) -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(lines, trainers.WordPieceTrainer(vocab_size=600, special_tokens=special))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    inputs = ["input_ids", "token_type_ids", "attention_mask"]
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=128, model_input_names=inputs, **names)
