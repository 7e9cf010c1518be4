"""Makes small sentence-transformers models with random weights: `python tiny_model.py FOLDER [OPTIONS AS JSON]`."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

LINES = (
    "How do I return an item? You can send goods back within thirty days of delivery.",
    "How long does delivery take? Orders placed before noon arrive on the next working day.",
    "如何退货？收到商品七天内，在我的订单中申请退货，审核通过后将商品寄回。",
    "多久能收到货？一般三到五个工作日送达，中午之前的订单次日送达。",
    "Wie lange dauert die Lieferung? Bestellungen vor Mittag kommen am nächsten Werktag an.",
)


def write_tiny_model(
    folder: Path, *, pooling: str = "mean", prompts: dict[str, str] | None = None, include_prompt: bool = True
) -> Path:
    """A one-layer BERT of 32 dimensions over the default model's vocabulary; -> `folder`."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    from retrieval.models.weights import find_weights

    torch.manual_seed(5)
    base = folder.with_name(folder.name + "-base")
    config = BertConfig(
        vocab_size=30522,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        initializer_range=0.5,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(base)
    tokenizer: Any = PreTrainedTokenizerFast.from_pretrained(str(find_weights("", folder.parent).folder))
    tokenizer.save_pretrained(base)
    transformer = Transformer(str(base), max_seq_length=48)
    head = Pooling(32, pooling_mode=pooling, include_prompt=include_prompt)
    SentenceTransformer(modules=[transformer, head], prompts=prompts, device="cpu").save(str(folder))
    return folder


def write_tiny_multilingual_model(folder: Path, *, prompts: dict[str, str] | None = None) -> Path:
    """What multilingual-e5-base and bge-m3 are in small: a one-layer XLM-RoBERTa of 32 dimensions (positions counted
    from the padding's id, which is 1; no token types), over a unigram tokenizer trained on the spot; -> `folder`."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import XLMRobertaConfig, XLMRobertaModel

    torch.manual_seed(7)
    base = folder.with_name(folder.name + "-base")
    tokenizer = unigram_tokenizer(LINES)
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        initializer_range=0.5,
        max_position_embeddings=66,
        type_vocab_size=1,
        pad_token_id=1,
    )
    XLMRobertaModel(config).save_pretrained(base)
    tokenizer.save_pretrained(base)
    modules = [Transformer(str(base), max_seq_length=64), Pooling(32, pooling_mode="mean"), Normalize()]
    SentenceTransformer(modules=modules, prompts=prompts, device="cpu").save(str(folder))
    return folder


def unigram_tokenizer(lines: tuple[str, ...], size: int = 400) -> Any:
    """A sentencepiece-like tokenizer with XLM-RoBERTa's special tokens, whose pieces are the characters and the most
    frequent words of `lines`, as likely as they are there. It is the same each time: the library's own trainer is not,
    and what a model of random weights is sure of hangs on it."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = Counter(f"▁{word}" for line in lines for word in unicodedata.normalize("NFKC", line).split())
    characters = Counter(character for word in words.elements() for character in word)
    ordered = sorted(characters.items()) + sorted(words.items(), key=lambda piece: (-piece[1], piece[0]))
    total = characters.total()
    special = [(name, 0.0) for name in ("<s>", "<pad>", "</s>", "<unk>")]
    pieces = [(piece, math.log(count / total)) for piece, count in dict(ordered).items()]
    tokenizer = Tokenizer(models.Unigram([*special, *pieces][:size], unk_id=3))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    names = {"bos_token": "<s>", "cls_token": "<s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="</s>",
        sep_token="</s>",
        model_max_length=64,
        model_input_names=["input_ids", "attention_mask"],
        **names,
    )
