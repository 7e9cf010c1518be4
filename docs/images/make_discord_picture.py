"""Draws docs/images/discord.png: what `frontdesk serve` really posts to the stand-in for Discord, set as HTML.

Needs Debian's chromium, fonts-noto-cjk and fonts-noto-color-emoji. `make chatpictures`.
"""

from __future__ import annotations

import asyncio
import copy
import html
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from simcord.backend.models import Message

from docs.images.make_slack_picture import ASKED, draw
from examples.serve import serving
from tests.support.bots import FRONTDESK, Bot, Knowledge
from tests.support.discord import DiscordStandIn
from tests.support.guilds import Den

PICTURE = Path(__file__).with_name("discord.png")
_CSS = """
body { margin: 0; overflow: hidden; background: #313338; color: #dbdee1;
font: 15px/1.4 "gg sans", "Noto Sans", "Noto Sans CJK SC", sans-serif }
main { width: 760px; padding: 18px 24px } .m { display: flex; gap: 14px; margin: 0 0 16px }
.a { flex: 0 0 40px; height: 40px; line-height: 40px; border-radius: 50%; color: #fff; text-align: center }
.a.u { background: #8d6cab } .a.b { background: #248046 } h4 { margin: 0; color: #f2f3f5; font-weight: 600 }
h4 i { margin-left: 5px }
h4 i { font: 600 10px sans-serif; background: #5865f2; color: #fff; padding: 1px 4px; border-radius: 3px }
p { margin: 3px 0 } ul, ol { margin: 3px 0; padding-left: 22px } a { color: #00a8fc; text-decoration: none }
.c { background: #2b2d31; border: 1px solid #3f4147; border-radius: 8px }
.c { padding: 8px 12px; margin: 4px 0; max-width: 600px }
hr { border: 0; border-top: 1px solid #3f4147; margin: 8px 0 }
small { display: block; color: #949ba4; font-size: 12.5px }
.f span { display: inline-block; margin: 4px 8px 0 0; padding: 4px 14px; background: #4e5058; border-radius: 8px }
"""


def conversation() -> list[tuple[str, Message | None]]:
    """(a person's text, None) and ("", the bot's message), as they came."""
    with tempfile.TemporaryDirectory() as folder, serving() as site:
        data = Path(folder) / "data"
        own = {"FRONTDESK_DATA_DIR": str(data), "FRONTDESK_CRAWL_ALLOW": "127.0.0.0/8", "FRONTDESK_CRAWL_DELAY": "0"}
        subprocess.run([*FRONTDESK, "crawl", f"{site.url}/"], env=os.environ | own, check=True, capture_output=True)
        return asyncio.run(_converse(Knowledge(data, site.url), Path(folder) / "bot"))


async def _converse(shop: Knowledge, folder: Path) -> list[tuple[str, Message | None]]:
    said: list[tuple[str, Message | None]] = []
    async with DiscordStandIn() as discord:
        support = discord.guild.create_text_channel("support")
        async with Bot(None, shop, folder, discord=discord, FRONTDESK_DISCORD_SUPPORT_CHANNEL=str(support.id)) as bot:
            den = Den(bot, discord)
            thread = 0
            for text in ASKED:
                asked = await den.ask(text, thread=thread or None, mention=not thread)
                thread = thread or asked
                # As it came: the buttons of an offer go when something else is asked.
                said += [(text, None), ("", copy.deepcopy(await den.one_answer(asked, thread)))]
    return said


def page(said: Sequence[tuple[str, Message | None]]) -> str:
    """The conversation as an HTML page."""
    rows = [_person(text) if message is None else _bot(message) for text, message in said]
    return f"<!doctype html><meta charset=utf-8><style>{_CSS}</style><main>{''.join(rows)}</main>"


def _person(text: str) -> str:
    return f'<div class=m><div class="a u">J</div><div><h4>Jo</h4><p>{html.escape(text)}</p></div></div>'


def _bot(message: Message) -> str:
    parts = "".join(map(_component, message.components))
    return f'<div class=m><div class="a b">F</div><div><h4>Frontdesk<i>APP</i></h4>{parts}</div></div>'


def _component(part: dict[str, Any]) -> str:
    inner = "".join(map(_component, part.get("components") or []))
    emoji = (part.get("emoji") or {}).get("name") or ""
    return {
        1: f"<div class=f>{inner}</div>",
        2: f"<span>{emoji} {html.escape(part.get('label') or '')}</span>",
        10: _text(str(part.get("content"))),
        14: "<hr>",
        17: f"<div class=c>{inner}</div>",
    }[part["type"]]


def _text(markdown: str) -> str:
    if markdown.startswith("-# "):
        lines = (MarkdownIt().renderInline(re.sub("^-# ", "", line)) for line in markdown.splitlines())
        return "".join(f"<small>{line}</small>" for line in lines)
    return str(MarkdownIt("commonmark").render(markdown))


if __name__ == "__main__":
    draw(page(conversation()), PICTURE, 1330)
