"""The one script that a site includes: the client, its style and its texts, put together once."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from functools import cache
from pathlib import Path

CLIENT = Path(__file__).parent / "client"
LARGEST = 30_000  # bytes


@cache
def load_script() -> tuple[bytes, str]:
    """-> the script and its entity tag."""
    texts = tomllib.loads((CLIENT / "texts.toml").read_text(encoding="utf-8"))
    style = _squeeze_style((CLIENT / "frontdesk.css").read_text(encoding="utf-8"))
    source = (CLIENT / "frontdesk.js").read_text(encoding="utf-8")
    script = source.replace('"{{style}}"', json.dumps(style), 1).replace(
        '"{{texts}}"', json.dumps(texts, ensure_ascii=False, separators=(",", ":")), 1
    )
    encoded = script.encode()
    return encoded, f'"{hashlib.sha256(encoded).hexdigest()[:20]}"'


def _squeeze_style(style: str) -> str:
    """Without comments and indentation."""
    return re.sub(r"\s*\n\s*", "", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL))
