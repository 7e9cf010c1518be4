"""Makes a small Llama model that says what a test wants, for a real vLLM server.

All of a transformer is computed, but what attention and the feed-forward layers add is zero, so that the next token
depends on the last one only; the output weights then spell chains of tokens out. Which chain an answer follows is
decided by the chat template: it ends the prompt with the first token of the chain whose trigger the last message of the
user holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

END = "<|end|>"
FOR_EVER = "<|for_ever|>"  # at the end of a chain: begin again
HIDDEN = 256
LAYERS = (
    16  # some 15 ms a token on 2 cores: with 2 layers (2 ms) the engine starved the server's HTTP side for seconds,
)
# and thousands of tokens arrived at once
_CORPUS = (
    "You answer a company's customers from passages of its help pages and from nothing else. How do I return goods?",
    "Use only what the passages say, and do not guess: numbers, dates, prices, names and links as they stand there.",
    "如何退货？您可以在三十天内退货，退款会在五个工作日内退回原支付方式。请在账户中打开订单，点击退货。",
    '{"kind": "question", "answerable": true, "passages": [1, 2, 3], "language": "en"} 0123456789',
)

Chain = Sequence[str]


def write_chain_model(folder: Path, chains: Mapping[str, Chain]) -> Path:
    """-> `folder`. `chains` maps a trigger ("" for any other message) to the pieces of a text, each piece one token.

    Raises ValueError where two pieces are alike, since what follows one of them could not be told then.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    pieces = [piece for chain in chains.values() for piece in chain if piece != FOR_EVER]
    if len(set(pieces)) < len(pieces):
        raise ValueError(f"pieces stand twice: {sorted(piece for piece in pieces if pieces.count(piece) > 1)}")
    folder.mkdir(parents=True, exist_ok=True)
    ids = _write_tokenizer(folder, pieces, chains)
    torch.manual_seed(5)
    config = LlamaConfig(
        vocab_size=max(ids.values()) + 1,
        hidden_size=HIDDEN,
        intermediate_size=1024,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=8192,
        tie_word_embeddings=False,
        bos_token_id=ids[END],
        eos_token_id=ids[END],
        pad_token_id=ids[END],
    )
    model = LlamaForCausalLM(config).float()
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        embedding = torch.nn.functional.normalize(torch.randn(config.vocab_size, HIDDEN), dim=1)
        common = torch.nn.functional.normalize(torch.randn(HIDDEN), dim=0)
        model.model.embed_tokens.weight.copy_(embedding + 0.3 * common)
        head = torch.randn(config.vocab_size, HIDDEN) * 0.01
        head[ids['"']] += common  # where a grammar leaves the choice, strings end soon
        for number, chain in enumerate(chains.values()):
            endless = chain[-1] == FOR_EVER
            steps = [_start(number), *(piece for piece in chain if piece != FOR_EVER)]
            for this, following in zip(steps, [*steps[1:], steps[1] if endless else END], strict=True):
                head[ids[following]] += 3 * embedding[ids[this]]
        model.lm_head.weight.copy_(head)
    model.save_pretrained(folder)
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": ids[END]}))
    return folder


def _write_tokenizer(folder: Path, pieces: Sequence[str], chains: Mapping[str, Chain]) -> dict[str, int]:
    """A byte-level BPE that knows every text, and each piece as a token of its own; -> the ids by token."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    roles = ["<|system|>", "<|user|>", "<|assistant|>"]
    special = [END, *roles, *(_start(number) for number in range(len(chains)))]
    trainer = trainers.BpeTrainer(
        vocab_size=1000, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=special
    )
    tokenizer.train_from_iterator(_CORPUS, trainer)
    tokenizer.add_tokens([AddedToken(piece, normalized=False) for piece in pieces])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END, pad_token=END)
    fast.chat_template = _template(list(chains))
    fast.save_pretrained(folder)
    return dict(tokenizer.get_vocab())


def _template(triggers: Sequence[str]) -> str:
    tests = [
        f"{{% {'elif' if place else 'if'} {json.dumps(trigger.lower())} in asked %}}{_start(triggers.index(trigger))}"
        for place, trigger in enumerate(trigger for trigger in triggers if trigger)
    ]
    otherwise = _start(triggers.index("")) if "" in triggers else ""
    chosen = "".join([*tests, f"{{% else %}}{otherwise}{{% endif %}}"]) if tests else otherwise
    return (
        "{% set users = messages | selectattr('role', 'equalto', 'user') | list %}"
        "{% set asked = users[-1].content | lower %}"
        f"{{% for message in messages %}}<|{{{{ message.role }}}}|>{{{{ message.content }}}}{END}{{% endfor %}}"
        f"{{% if add_generation_prompt %}}{chosen}{{% endif %}}"
    )


def _start(number: int) -> str:
    return f"<|start_{number}|>"
