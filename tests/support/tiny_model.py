"""Makes small sentence-transformers models with random weights: `python tiny_model.py FOLDER [OPTIONS AS JSON]`."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def write_tiny_model(
    folder: Path, *, pooling: str = "mean", prompts: dict[str, str] | None = None, include_prompt: bool = True
) -> Path:
    """A one-layer BERT of 32 dimensions over the default model's vocabulary; -> `folder`."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    from retrieval.indexing.weights import find_weights

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
