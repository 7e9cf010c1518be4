"""Draws docs/images/slack.png: what `frontdesk serve` really posts to the stand-in for Slack, its blocks set as HTML.

Needs Debian's chromium. `make chatpictures`.
"""

from __future__ import annotations

import asyncio
import html
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from examples.serve import serving
from tests.support.bots import FRONTDESK, Bot, Knowledge
from tests.support.slack import Message, SlackStandIn

PICTURE = Path(__file__).with_name("slack.png")
ASKED = ("How long does delivery take?", "and what does it cost?", "can I pay with paypal", "如何退货？")
_CSS = """
body { margin: 0; overflow: hidden; background: #fff;
font: 15px/1.47 Lato, "Noto Sans", "Noto Sans CJK SC", sans-serif; color: #1d1c1d }
main { width: 760px; padding: 18px 24px } .m { display: flex; gap: 10px; margin: 0 0 14px }
.a { flex: 0 0 36px; height: 36px; border-radius: 6px; color: #fff; font-weight: 900; text-align: center }
.a { line-height: 36px }
.a.u { background: #8d6cab } .a.b { background: #1d3d2f } h4 { margin: 0; font-size: 15px }
h4 i { font: 11px sans-serif; background: #e8e8e8; padding: 1px 4px; border-radius: 3px; margin-left: 5px; color: #555 }
p { margin: 2px 0 } ul { margin: 2px 0; padding-left: 22px } .s { margin-top: 6px }
a { color: #1264a3; text-decoration: none }
.f span { display: inline-block; margin: 7px 8px 0 0; padding: 3px 10px; border: 1px solid #ccc; border-radius: 6px }
.f span { font-weight: 700; font-size: 13px } table { border-collapse: collapse }
td, th { border: 1px solid #ddd; padding: 3px 8px }
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
    async with SlackStandIn() as slack:
        slack.add_channel("C1", ["U1"])
        slack.add_channel("C2", [])
        async with Bot(slack, shop, folder, FRONTDESK_SLACK_SUPPORT_CHANNEL="C2"):
            thread = ""
            for number, text in enumerate(ASKED):
                ts = await slack.say("C1", "U1", text, thread or None, mention=not thread)
                thread = thread or ts

                def answers(thread: str = thread) -> list[Message]:
                    return [m for m in slack.bot_messages("C1", thread) if m.metadata and not m.streaming]

                await slack.wait_for(lambda answers=answers, number=number: len(answers()) > number, 20)
                said += [(text, None), ("", answers()[-1])]
    return said


def style() -> str:
    """What every picture of Slack looks like."""
    return _CSS


def page(said: Sequence[tuple[str, Message | None]]) -> str:
    """The conversation as an HTML page."""
    rows = [_person(text) if message is None else _bot(message) for text, message in said]
    return f"<!doctype html><meta charset=utf-8><style>{_CSS}</style><main>{''.join(rows)}</main>"


def _person(text: str) -> str:
    return f'<div class=m><div class="a u">J</div><div><h4>Jo</h4><p>{html.escape(text)}</p></div></div>'


def _bot(message: Message) -> str:
    parts = []
    for block in message.all_blocks:
        if block["type"] == "rich_text":
            parts.append(markdown(message.markdown or block["elements"][0]["elements"][0]["text"]))
        elif block["type"] == "markdown":
            parts.append(markdown(block["text"]))
        elif block["type"] == "section":
            parts.append(f"<div class=s>{mrkdwn(block['text']['text'])}</div>")
        elif block["type"] == "context_actions":
            both = block["elements"][0]["positive_button"], block["elements"][0]["negative_button"]
            parts.append(f"<div class=f>{''.join(map(label, both))}</div>")
        elif block["type"] == "actions":
            parts.append(f"<div class=f>{''.join(map(label, block['elements']))}</div>")
    return f'<div class=m><div class="a b">F</div><div><h4>Frontdesk<i>APP</i></h4>{"".join(parts)}</div></div>'


def label(button: Mapping[str, Any]) -> str:
    """A button."""
    return f"<span class={button.get('style', 'plain')}>{html.escape(button['text']['text'])}</span>"


def markdown(text: str) -> str:
    """Markdown as HTML."""
    return MarkdownIt("commonmark").enable("table").render(html.unescape(text))


def mrkdwn(text: str) -> str:
    """Slack's own markup as HTML."""
    text = re.sub(r"<(https?://[^|>]+)\|([^>]+)>", r'<a href="\1">\2</a>', text)
    return re.sub(r"\*([^*\n]+)\*", r"<b>\1</b>", text).replace("\n", "<br>")


def draw(page: str, picture: Path, height: int = 1330, width: int = 808) -> None:
    """A page of HTML as a PNG."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(page, encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        shot = [f"--screenshot={picture}", f"--window-size={width},{height}", f"--user-data-dir={folder}/profile"]
        command = [shutil.which("chromium") or "chromium", *options, *shot, file.as_uri()]
        subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    draw(page(conversation()), PICTURE)
