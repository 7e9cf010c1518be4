"""Draws docs/images/steering.png: a re-crawl and a handoff as `frontdesk serve` really posts them to the stand-in for
Slack, their blocks set as HTML.

Needs Debian's chromium. `make chatpictures`.
"""

from __future__ import annotations

import asyncio
import html
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from docs.images.make_slack_picture import draw, label, markdown, mrkdwn, style
from tests.support.bots import FRONTDESK, Bot, Knowledge
from tests.support.site import Page, Site
from tests.support.slack import Message, SlackStandIn

PICTURE = Path(__file__).with_name("steering.png")
OFFICE, SUPPORT, SHOP = "C1", "C2", "C3"
_CSS = """
main { width: 1180px; display: grid; grid-template-columns: 1fr 1fr; gap: 26px } h3 { margin: 0 0 10px; color: #616061 }
.h { font-weight: 900; font-size: 17px; margin-top: 4px } .c { color: #616061; font-size: 12.5px; margin-top: 4px }
.f span.primary { background: #007a5a; color: #fff; border-color: #007a5a }
.f span.danger { background: #e01e5a; color: #fff; border-color: #e01e5a } th { text-align: left }
"""


def record() -> Mapping[str, list[tuple[str, Message | str]]]:
    """What stands in each channel, as (who, what)."""
    with tempfile.TemporaryDirectory() as folder, Site() as site:
        data = Path(folder) / "data"
        _publish(site)
        own = {"FRONTDESK_DATA_DIR": str(data), "FRONTDESK_CRAWL_ALLOW": "127.0.0.0/8", "FRONTDESK_CRAWL_DELAY": "0"}
        crawl = [*FRONTDESK, "crawl", site.url("/help/"), "--name", "help"]
        subprocess.run(crawl, env=os.environ | own, check=True, capture_output=True)
        return asyncio.run(_work(Knowledge(data, site.url("/")), Path(folder) / "bot", site, own))


def _publish(site: Site, days: int = 30) -> None:
    topics = {
        "returns": ("How do I return something?", f"Send it back within {days} days."),
        "delivery": ("How long does delivery take?", "Delivery takes 3 working days."),
        "payment": ("Which cards do you accept?", "We accept Visa and Mastercard."),
    }
    site.html("/help/", "".join(f'<p><a href="/help/{name}">{name}</a></p>' for name in (*topics, "sizes")))
    for name, (question, answer) in topics.items():
        site.html(f"/help/{name}", f"<h1>FAQ</h1><dl><dt>{question}</dt><dd>{answer}</dd></dl>")


async def _work(
    shop: Knowledge, folder: Path, site: Site, own: Mapping[str, str]
) -> Mapping[str, list[tuple[str, Message | str]]]:
    async with SlackStandIn() as slack:
        for user, name, admin in (("U1", "Ann", True), ("U2", "Mei Lin", False), ("U3", "Jo", False)):
            slack.add_user(user, name, is_admin=admin)
        slack.add_channel(OFFICE, ["U1"])
        slack.add_channel(SUPPORT, ["U1", "U2"], "private")
        slack.add_channel(SHOP, ["U3"])
        settings = {**own, "FRONTDESK_SLACK_SUPPORT_CHANNEL": SUPPORT}
        async with Bot(slack, shop, folder, **settings):
            office = await _recrawl(slack, site)
            return {"#office": office, "#support": await _hand_over(slack)}


async def _recrawl(slack: SlackStandIn, site: Site) -> list[tuple[str, Message | str]]:
    _publish(site, days=14)
    site.html("/help/sizes", "<h1>FAQ</h1><dl><dt>Which sizes are there?</dt><dd>From S to XXL.</dd></dl>")
    site.pages["/help/payment"] = Page(b"broken", status=500)
    await slack.command("/faq", "U1", OFFICE, "recrawl")
    done = await _until(slack, lambda: _last(slack, OFFICE, "", "Re-crawl done"))
    await slack.command("/faq", "U1", OFFICE, "status")
    messages = slack.workspace.channel(OFFICE).messages

    def status() -> Message | None:
        return next((message for message in messages.values() if "passages" in message.shown), None)

    told = await _until(slack, status)
    return [("Ann", "/faq recrawl"), ("", done), ("Ann", "/faq status"), ("", told)]


async def _hand_over(slack: SlackStandIn) -> list[tuple[str, Message | str]]:
    ts = await slack.say(SHOP, "U3", "Is there a discount for nurses?", mention=True)
    answer = await _until(slack, lambda: _last(slack, SHOP, ts, "Ask a human"))
    await slack.click("U3", SHOP, answer.ts, "ask_human")
    packet = await _until(slack, lambda: _last(slack, SUPPORT, "", "asked for a person"))
    await _until(slack, lambda: _last(slack, SHOP, ts, "told our team"))
    said = "Yes: nurses get 15% off with the code CARE."
    await slack.say(SUPPORT, "U2", said, packet.ts)
    await _until(slack, lambda: _last(slack, SHOP, ts, "15% off"))
    await _until(slack, lambda: "Claimed by" in packet.shown)
    resolve = next(e["action_id"] for b in packet.blocks for e in b.get("elements", ()) if "resolve" in str(e))
    await slack.click("U2", SUPPORT, packet.ts, resolve)
    proposal = await _until(slack, lambda: _last(slack, SUPPORT, packet.ts, "Shall I answer so"))
    return [("", packet), ("Mei Lin", said), ("", proposal)]


def _last(slack: SlackStandIn, channel: str, thread: str, containing: str) -> Message | None:
    found = [m for m in slack.bot_messages(channel, thread or None) if containing in m.shown and not m.streaming]
    return found[-1] if found else None


async def _until(slack: SlackStandIn, found: Callable[[], Any]) -> Any:
    return await slack.wait_for(found, 30)


def page(channels: Mapping[str, list[tuple[str, Message | str]]]) -> str:
    """The channels side by side as an HTML page."""
    columns = "".join(
        f"<section><h3>{name}</h3>{''.join(_row(who, what) for who, what in said)}</section>"
        for name, said in channels.items()
    )
    return f"<!doctype html><meta charset=utf-8><style>{style()}{_CSS}</style><main>{columns}</main>"


def _row(who: str, what: Message | str) -> str:
    if isinstance(what, str):
        head = f'<div class="a u">{who[0]}</div><div><h4>{who}</h4>'
        return f"<div class=m>{head}<p>{html.escape(what)}</p></div></div>"
    head = '<div class="a b">F</div><div><h4>Frontdesk<i>APP</i></h4>'
    return f"<div class=m>{head}{''.join(map(_block, what.all_blocks))}</div></div>"


def _block(block: Mapping[str, Any]) -> str:
    kind = block["type"]
    if kind == "header":
        return f"<div class=h>{html.escape(block['text']['text'])}</div>"
    if kind == "section":
        text = block["text"]
        shown = mrkdwn(text["text"]) if text["type"] == "mrkdwn" else html.escape(text["text"]).replace("\n", "<br>")
        return f"<div class=s>{shown}</div>"
    if kind == "context":
        return f"<div class=c>{mrkdwn(block['elements'][0]['text'])}</div>"
    if kind == "markdown":
        return markdown(block["text"])
    if kind == "table":
        rows = [[cell["text"] for cell in row] for row in block["rows"]]
        cells = "".join(
            "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) + "</tr>"
            for tag, row in [("th", rows[0]), *(("td", row) for row in rows[1:])]
        )
        return f"<table class=s>{cells}</table>"
    if kind == "actions":
        return f"<div class=f>{''.join(map(label, block['elements']))}</div>"
    return ""


if __name__ == "__main__":
    draw(page(record()), PICTURE, height=770, width=1240)
