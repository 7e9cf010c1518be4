"""What the core says and the platforms draw is frozen: `README.md` tells how it is made anew, and when."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.frozen.comparing import compare
from tests.support.frozen import CONVERSATIONS, DRAWINGS, converse_all, read_records, read_shop

SHOWN = 5


async def test_no_conversation_goes_another_way_than_it_did(tmp_path: Path) -> None:
    conversations, drawings = read_records(CONVERSATIONS), read_records(DRAWINGS)
    assert len(conversations) >= 320 and len(drawings) >= 40
    shop = await asyncio.to_thread(read_shop, tmp_path / "data")
    now = await converse_all(shop, tmp_path, conversations, [drawing["id"] for drawing in drawings])
    told = compare(conversations, [record for record, _ in now], SHOWN)
    drawn = compare(drawings, [drawing for _, drawing in now if drawing["messages"]], SHOWN)
    assert not told, f"what is said has changed (python -m tests.frozen.make):\n{told}"
    assert not drawn, f"what is drawn has changed (python -m tests.frozen.make):\n{drawn}"
