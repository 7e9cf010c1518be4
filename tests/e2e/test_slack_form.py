"""What a customer sees in Slack: form, feedback, App Home, and nothing that rings or lures."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.bots import Bot, Knowledge
from tests.support.lore import SENTENCES
from tests.support.rooms import SECONDS, Direct, Room
from tests.support.slack import SlackStandIn

pytestmark = pytest.mark.asyncio(loop_scope="module")

SUPPORT = "C0SUPPORT"
DELIVERY = "How long does delivery take?"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(shop: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    folder = tmp_path_factory.mktemp("form")
    settings = {"FRONTDESK_SLACK_SUPPORT_CHANNEL": SUPPORT}
    async with SlackStandIn() as slack, Bot(slack, shop, folder, **settings) as bot:
        slack.add_channel(SUPPORT, [], "private")
        yield bot


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def orchard(lore: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    async with SlackStandIn() as slack, Bot(slack, lore, tmp_path_factory.mktemp("orchard")) as bot:
        yield bot


@pytest.fixture
def room(bot: Bot) -> Room:
    return Room(bot)


async def test_a_status_comes_first_then_a_stream_with_sources_and_feedback(room: Room) -> None:
    ts = await room.ask(DELIVERY)
    answer = await room.one_answer(ts)
    calls = [call for call in room.slack.calls if call.args.get("channel", call.args.get("channel_id")) == room.channel]
    assert [call.method for call in calls] == ["assistant.threads.setStatus", "chat.startStream", "chat.stopStream"]
    assert calls[1].args["recipient_user_id"] == room.asker and calls[1].args["recipient_team_id"]
    assert "[1] <http" in answer.shown and "Helpful" in answer.shown and "Ask a human" in answer.shown


async def test_a_chinese_question_is_answered_in_chinese_words(room: Room) -> None:
    answer = await room.one_answer(await room.ask("如何退货？"))
    assert "来源" in answer.shown and "找人工" in answer.shown and "Ask a human" not in answer.shown


async def test_the_last_vote_counts_and_a_thumbs_down_asks_why(bot: Bot, room: Room) -> None:
    slack = room.slack
    answer = await room.one_answer(await room.ask(DELIVERY))
    ((turn,),) = bot.sql("SELECT turn_id FROM inbox WHERE channel = ?", room.channel)
    up, down = f"up:{turn}", f"down:{turn}"
    await slack.click(room.asker, room.channel, answer.ts, "feedback", up)
    await slack.click(room.asker, room.channel, answer.ts, "feedback", down)
    assert bot.sql("SELECT vote, reason FROM feedback WHERE turn_id = ?", turn) == [("down", "")]
    await slack.wait_for(lambda: slack.workspace.modals.get(room.asker), SECONDS)
    await slack.submit_view(room.asker, slack.modal(room.asker), {"why": "It is about returns."})
    assert bot.sql("SELECT vote, reason FROM feedback WHERE turn_id = ?", turn) == [("down", "It is about returns.")]
    await slack.click(room.asker, room.channel, answer.ts, "feedback", up)
    assert bot.sql("SELECT vote FROM feedback WHERE turn_id = ?", turn) == [("up",)]


async def test_ask_a_human_tells_the_team_and_the_customer_and_the_bot_is_quiet(room: Room) -> None:
    slack = room.slack
    ts = await room.ask(DELIVERY)
    answer = await room.one_answer(ts)
    await slack.click(room.asker, room.channel, answer.ts, "ask_human")
    await slack.click(room.asker, room.channel, answer.ts, "ask_human")
    await slack.wait_for(lambda: len(room.said(ts)) == 2, SECONDS)
    await slack.settled(SECONDS)
    (told,) = [message for message in slack.bot_messages(SUPPORT) if "asked for a person" in message.shown]
    assert DELIVERY in told.shown and "working days" in told.shown
    assert "a person will reply here" in room.shown(ts)[1]
    later = await room.ask("And to Sweden?", thread=ts, mention=False)
    await slack.wait_for(lambda: room.bot.states().get(later) == "relayed", SECONDS)
    assert len(room.said(ts)) == 2 and "And to Sweden?" in slack.bot_messages(SUPPORT, told.ts)[-1].shown


async def test_the_app_home_tells_what_is_known_and_the_pane_suggests_questions_of_the_faq(bot: Bot) -> None:
    slack = bot.slack
    slack.add_user("UHOME", locale="zh-CN")
    await slack.open_home("UHOME")
    view = await slack.wait_for(lambda: slack.home("UHOME"), SECONDS)
    shown = json.dumps(view, ensure_ascii=False)
    assert "我知道的内容" in shown and "个页面" in shown and "？" in shown
    channel, thread = await slack.open_assistant("UHOME")
    prompts = await slack.wait_for(lambda: slack.prompts(channel, thread), SECONDS)
    assert 1 <= len(prompts) <= 4


@pytest.mark.parametrize("refusal", ["missing_recipient_user_id", "unknown_method"])
async def test_where_a_stream_is_refused_a_message_is_posted(bot: Bot, refusal: str) -> None:
    room = Room(bot)
    bot.slack.fail("chat.startStream", refusal, 1)
    answer = await room.one_answer(await room.ask(DELIVERY))
    assert "working days" in answer.shown and "Sources" in answer.shown


async def test_a_stream_that_slack_ends_is_finished_by_an_edit(bot: Bot) -> None:
    room = Room(bot)
    hold = bot.slack.hold("chat.stopStream")
    ts = await room.ask(DELIVERY)
    await hold.begun()
    bot.slack.expire_streams()
    hold.release()
    answer = await room.one_answer(ts)
    assert "working days" in answer.shown and "Sources" in answer.shown and not answer.streaming


async def test_tables_and_code_survive(orchard: Bot) -> None:
    room = Room(orchard)
    answer = await room.one_answer(await room.ask("How heavy are the apple boxes?"))
    table = next(block["text"] for block in answer.all_blocks if block["type"] == "markdown")
    assert "| box 3 | 9 kg |" in table
    answer = await room.one_answer(await room.ask("How do I start the chipper?"))
    assert "```\nchip --fast &amp;&amp; echo &lt;done&gt;\n```" in (answer.markdown or answer.shown)


async def test_a_long_answer_is_cut_at_sentences_and_leads_on(orchard: Bot) -> None:
    room = Room(orchard)
    answers = await room.answers(await room.ask("What are all the watering rules of the orchard?"))
    shown = "\n".join(answer.shown for answer in answers)
    assert any(sentence in shown.replace("&amp;", "&") for sentence in SENTENCES)
    assert "Sources" in answers[-1].shown


async def test_code_that_is_too_long_to_quote_is_named_with_its_page(orchard: Bot) -> None:
    room = Room(orchard)
    answer = await room.one_answer(await room.ask("How do I program the cider press?"))
    assert "too long to quote" in answer.shown and "/tools" in answer.shown


@pytest.mark.parametrize(
    "question", ["When are the lanterns lit?", "Who keeps the lantern oil?", "Is AT&T coverage good?"]
)
async def test_nothing_from_a_page_rings_or_lures(orchard: Bot, question: str) -> None:
    room = Room(orchard)
    await room.one_answer(await room.ask(question))
    assert orchard.slack.mentions() == []
    foreign = [link for link in orchard.slack.links() if "evil" in link and "http" in link]
    cited = {url for (citations,) in orchard.sql("SELECT citations FROM turns") for url in citations.split('"')}
    pages = {url for (text,) in orchard.sql("SELECT text FROM turn_passages") for url in text.split()}
    assert all(any(link in url for url in cited | pages) for link in foreign)
    posted = [call.args for call in orchard.slack.calls if call.method == "chat.postMessage"]
    assert all(args.get("unfurl_links") is False for args in posted)


async def test_a_command_that_speaks_of_a_payload_is_answered_over_http(shop: Knowledge, tmp_path: Path) -> None:
    async with SlackStandIn() as slack, Bot(slack, shop, tmp_path, mode="http") as bot:
        room = Room(bot)
        await slack.command("/ask", room.asker, room.channel, "what is a payload of the delivery")
        (answer,) = await slack.wait_for(lambda: slack.bot_messages(room.channel), SECONDS)
        assert answer.ephemeral_to == room.asker


async def test_a_private_answer_is_streamed_without_naming_a_recipient(bot: Bot) -> None:
    direct = Direct(bot)
    await direct.one_answer(await direct.ask(DELIVERY))
    (start,) = [call for call in bot.slack.called("chat.startStream") if call.args["channel"] == direct.channel]
    assert "recipient_user_id" not in start.args
