"""Texts of pages and people as data that a language model is given: fenced, and broken up where a chat template or we
ourselves would read them as structure."""

from __future__ import annotations

import re

from retrieval.documents import Document
from retrieval.text.cleaning import clean_text, collapse_whitespace

_LONGEST_TITLE = 300  # characters

# What the chat templates of Qwen, Llama, Mistral, Gemma and DeepSeek read as structure, and our own fences. A server
# turns such text into special tokens wherever it stands.
_STRUCTURE = re.compile(
    r"<(?=[|｜])|<(?=/?(?:s|bos|eos|pad|unk|start_of_\w+|end_of_\w+|think|tool\w*|passages?|sentences?|question|entry)>)"
    r"|<(?=(?:passage|sentence)\s)|\[(?=/?(?:INST|SYSTEM_PROMPT|TOOL_\w+|AVAILABLE_TOOLS|IMG|THINK)\])|<(?=</?SYS>>)",
    re.IGNORECASE,
)


def escape_structure(text: str) -> str:
    """`text` that cannot be taken for structure, by us or by a chat template."""
    return _STRUCTURE.sub(lambda match: match.group() + " ", clean_text(text)).strip()


def fence_entry(document: Document, longest: int) -> str:
    """An entry; of its answer so many characters."""
    page = escape_line(" > ".join(dict.fromkeys(document.heading_path)))
    lines = [
        "<entry>",
        *([f"Page: {page}"] if page else []),
        f"Question: {escape_line(document.question)}",
        f"Answer: {escape_structure(document.answer)[:longest]}",
        "</entry>",
    ]
    return "\n".join(lines)


def escape_line(text: str) -> str:
    """`text` on one line of at most 300 characters."""
    return escape_structure(collapse_whitespace(text))[:_LONGEST_TITLE]
