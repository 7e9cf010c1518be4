"""Makes a small Llama model that says what a test wants, for a real vLLM server.

All of a transformer is computed, but what attention and the feed-forward layers add is zero, so that the next token
depends on the last one only; the output weights then spell texts out as chains of tokens. Which chain an answer follows
is decided by the chat template: it ends the prompt with a token that stands before the chain's first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

HIDDEN = 256
END = "<|end|>"
_CORPUS = (
    "You answer a company's customers from passages of its help pages and from nothing else. How do I return goods?",
    "Use only what the passages say, and do not guess: numbers, dates, prices, names and links as they stand there.",
    "如何退货？您可以在三十天内退货，退款会在五个工作日内退回原支付方式。请在账户中打开订单，点击退货。",
    '{"kind": "question", "answerable": true, "passages": [1, 2, 3], "language": "en"} 0123456789',
)


class Endless(str):
    """A text that is said over and over, up to the limit on tokens."""


CHAINS: Mapping[str, str] = {
    "everything": Endless(" It begins once more and goes on without any end, as a river does;"),
    "weather": "NO_ANSWER",
    "退货": "您可以在 30 天内退货 [1]。",
    "": "You can return goods within 30 days [1].",
}


def write_chain_model(folder: Path, chains: Mapping[str, str] = CHAINS) -> Path:
    """-> `folder`. `chains` maps what the last user message holds, whatever its case, to what is said then; the first
    that fits counts, "" last. JSON may be scripted too; where a grammar rules a chain out, strings and lists end soon.

    Raises ValueError where the whole of a text is part of the others already.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder.mkdir(parents=True, exist_ok=True)
    spelt, ids = _write_tokenizer(folder, chains)
    config = LlamaConfig(
        vocab_size=len(ids),
        hidden_size=HIDDEN,
        intermediate_size=2 * HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=32768,
        tie_word_embeddings=False,
        bos_token_id=ids[END],
        eos_token_id=ids[END],
        pad_token_id=ids[END],
    )
    torch.manual_seed(5)
    model = LlamaForCausalLM(config)
    # The first dimension is the same for every token, and so carries what is likely after any; the others tell the
    # tokens apart. Normalised, a token's vector and its own direction have a product of 11.
    embedding = torch.nn.functional.normalize(torch.randn(len(ids), HIDDEN), dim=1)
    embedding[:, 0] = 0
    head = torch.randn(len(ids), HIDDEN) * 0.01
    for token, number in ids.items():
        if token in {'"', "]", "}", ","}:
            head[number, 0] = 1.5
        elif not token.strip("ĠĊĉč"):  # blanks, which JSON allows for ever
            head[number, 0] = -1.5
    for number, (text, pieces) in enumerate(zip(chains.values(), spelt, strict=True)):
        after = pieces[0] if isinstance(text, Endless) else END
        for this, following in zip([_start(number), *pieces], [*pieces, after], strict=True):
            head[ids[following]] += 4 * embedding[ids[this]]
    embedding[:, 0] = 1
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        model.model.embed_tokens.weight.copy_(embedding)
        model.lm_head.weight.copy_(head)
    model.save_pretrained(folder)
    return folder


def _write_tokenizer(folder: Path, chains: Mapping[str, str]) -> tuple[list[list[str]], dict[str, int]]:
    """A byte-level BPE that knows any text; -> the pieces of each chain, and the ids of all tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.decoder = decoders.ByteLevel()
    special = [END, "<|system|>", "<|user|>", "<|assistant|>", *(_start(number) for number in range(len(chains)))]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trained.train_from_iterator(
        _CORPUS,
        trainers.BpeTrainer(vocab_size=1000, initial_alphabet=alphabet, special_tokens=special, show_progress=False),
    )
    taken: set[str] = set()
    spelt = [_pieces(text, taken) for text in chains.values()]
    # no merge leads to these, so that they stand in no prompt, and text is read as if they were not there
    written = json.loads(trained.to_str())
    vocabulary: dict[str, int] = written["model"]["vocab"]
    for pieces in spelt:
        for piece in pieces:
            vocabulary.setdefault(piece, len(vocabulary))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(written)), eos_token=END, pad_token=END
    )
    tokenizer.chat_template = _template(list(chains))
    tokenizer.save_pretrained(folder)
    return spelt, vocabulary


def _pieces(text: str, taken: set[str]) -> list[str]:
    """A text as tokens: words, and pairs of bytes that split Chinese characters; longer where a piece was `taken`, as
    what follows it could not be told then."""
    from tokenizers import pre_tokenizers

    ((mapped, _),) = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(text)
    pieces: list[str] = []
    piece = ""
    for part in re.finditer(rb" ?[!-~]+|[^!-~]{1,2}", text.encode()):
        piece += mapped[part.start() : part.end()]  # the alphabet has one letter for each byte
        if piece not in taken:
            taken.add(piece)
            pieces.append(piece)
            piece = ""
    while piece:
        if not pieces:
            raise ValueError(f"another chain holds this text already: {text}")
        taken.discard(pieces[-1])
        piece = pieces.pop() + piece
        if piece not in taken:
            taken.add(piece)
            pieces.append(piece)
            piece = ""
    return pieces


def _template(triggers: Sequence[str]) -> str:
    tests = "".join(
        f"{{% {'elif' if place else 'if'} {json.dumps(trigger.lower())} in asked %}}{_start(triggers.index(trigger))}"
        for place, trigger in enumerate(sorted(triggers, key=lambda trigger: not trigger))  # "" is in any text
    )
    return (
        "{% set users = messages | selectattr('role', 'equalto', 'user') | list %}"
        "{% set asked = users[-1].content | lower %}"
        f"{{% for message in messages %}}<|{{{{ message.role }}}}|>{{{{ message.content }}}}{END}{{% endfor %}}"
        f"{{% if add_generation_prompt %}}<|assistant|>{tests}{{% endif %}}{{% endif %}}"
    )


def _start(number: int) -> str:
    return f"<|chain_{number}|>"
