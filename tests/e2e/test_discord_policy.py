"""Who is answered in Discord, where, and when the bot is silent: the real client over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import discord as dpy
import pytest
import pytest_asyncio

from tests.support.bots import Bot, Knowledge
from tests.support.discord import DiscordStandIn
from tests.support.discord.standin import labels, shown
from tests.support.guilds import SECONDS, Den

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOLVED = {"id": "77", "name": "Solved", "moderated": False, "emoji_id": None, "emoji_name": None}
DELIVERY, PAYMENT, GIFTS = (
    "How long does delivery take?",
    "Which payment methods do you accept?",
    "Do gift cards expire?",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[DiscordStandIn]:
    async with DiscordStandIn() as discord:
        yield discord


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(server: DiscordStandIn, shop: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    async with Bot(None, shop, tmp_path_factory.mktemp("discord"), discord=server) as bot:
        yield bot


@pytest.fixture
def den(bot: Bot, server: DiscordStandIn) -> Den:
    return Den(bot, server)


@pytest.fixture
def forum(bot: Bot, server: DiscordStandIn) -> Den:
    return Den(bot, server, forum=True)


@pytest_asyncio.fixture(loop_scope="module")
async def admin(server: DiscordStandIn) -> Any:
    role = server.guild.create_role("Admins", permissions=dpy.Permissions(manage_guild=True))
    return server.guild.add_member(server.world.create_user("admin"), roles=[role])


async def mark(den: Den, admin: Any, state: str = "on") -> None:
    """An admin makes the den a help channel, or an ordinary one."""
    office = den.discord.guild.create_text_channel("office")
    result = await admin.slash(office, "faq channel help", state=state, channel=den.channel)
    said = await den.response(result)
    assert ("is a help channel now" if state == "on" else "no help channel any more") in shown(said)
    assert result.ephemeral


# answered


async def test_a_mention_is_answered_in_a_thread_of_the_question(den: Den) -> None:
    asked = await den.ask(DELIVERY)
    answer = await den.one_answer(asked)
    assert "working days" in shown(answer) and "/help/delivery.html" in shown(answer)
    assert labels(answer) == ["Helpful", "Not helpful"]
    assert den.said(den.channel.id) == []
    assert den.discord.backend.get_channel(asked).name == DELIVERY


async def test_follow_ups_in_the_thread_need_no_mention(den: Den) -> None:
    thread = await den.ask("How do I return something?")
    await den.one_answer(thread)
    follow_up = await den.ask("Who pays for the postage?", thread=thread, mention=False)
    answer = await den.one_answer(follow_up, thread)
    assert labels(answer)


async def test_a_direct_message_is_answered_there(den: Den) -> None:
    sent = await den.asker.send_dm("如何退货？")
    answer = await den.one_answer(sent.id, sent.channel.id)
    assert "30" in shown(answer) and "来源" in shown(answer) and labels(answer)[0] == "有帮助"


async def test_two_questions_in_one_breath_are_both_answered(den: Den) -> None:
    asked = [await den.asker.send_dm(question) for question in (DELIVERY, GIFTS)]
    for sent, containing in zip(asked, ("working days", "first year"), strict=True):
        assert await den.done(sent.id) == "answered"
        await den.says(sent.channel.id, containing)
    assert len(den.said(asked[0].channel.id)) == len(asked)


async def test_where_no_thread_may_be_made_the_answer_is_a_reply(den: Den) -> None:
    den.discord.fail(f"POST /channels/{den.channel.id}/messages/*/threads", status=403)
    asked = await den.ask(DELIVERY)
    answer = await den.one_answer(asked, den.channel.id)
    assert answer.reference and int(answer.reference["message_id"]) == asked


async def test_every_new_question_of_a_help_channel_is_answered_and_no_chatter(den: Den, admin: Any) -> None:
    await mark(den, admin)
    asked = await den.ask(DELIVERY, mention=False)
    await den.one_answer(asked)
    for text in ("Lunch at noon, everybody.", f"<@{den.teammate.id}> how long does delivery take?"):
        chatter = await den.ask(text, mention=False)
        await den.silence(chatter, den.channel.id)
    await mark(den, admin, "off")
    later = await den.ask(PAYMENT, mention=False)
    await den.silence(later, den.channel.id)


async def test_a_forum_s_posts_and_the_follow_ups_in_them_are_answered(forum: Den, admin: Any) -> None:
    await mark(forum, admin)
    post = forum.post("Gift cards", "I have had one for years, and wonder whether it expires")
    answer = await forum.one_answer(post)
    assert "Solved" in labels(answer)
    follow_up = await forum.ask("And how long does delivery take?", thread=post, mention=False)
    await forum.one_answer(follow_up, post, containing="working days")


async def test_a_post_that_is_solved_is_left_alone(forum: Den, admin: Any) -> None:
    await mark(forum, admin)
    post = forum.post("Delivery", DELIVERY)
    answer = await forum.one_answer(post)
    message = forum.discord.channel(post).history()[-1]
    assert message.id == answer.id
    refused = await forum.other.click(message, label="Solved")
    assert "may not" in shown(await forum.response(refused))
    solved = await forum.asker.click(message, label="Solved")
    assert "solved" in shown(await forum.response(solved))
    later = await forum.ask(PAYMENT, thread=post, mention=False)
    await forum.discord.settled(SECONDS, 0.4)
    assert str(later) not in forum.bot.states()
    again = await forum.ask(PAYMENT, thread=post)
    await forum.one_answer(again, post, containing="Visa")


async def test_a_tag_says_that_a_post_is_solved(forum: Den, admin: Any) -> None:
    forum.channel._channel.available_tags = [SOLVED]
    forum.discord.backend.emit("CHANNEL_UPDATE", _payload(forum.discord, forum.channel.id))
    await mark(forum, admin)
    post = forum.post("Delivery", DELIVERY)
    await forum.one_answer(post)
    forum.discord.tag(post, "Solved")
    await forum.discord.wait_for(
        lambda: forum.bot.sql("SELECT muted FROM threads WHERE thread = ?", str(post)) == [(1,)], SECONDS
    )
    later = await forum.ask(PAYMENT, thread=post, mention=False)
    await forum.silence(later, post)
    forum.discord.tag(post)
    await forum.discord.wait_for(
        lambda: forum.bot.sql("SELECT muted FROM threads WHERE thread = ?", str(post)) == [(0,)], SECONDS
    )


def _payload(discord: DiscordStandIn, channel_id: int) -> Any:
    from simcord.backend import serializers

    return serializers.channel_payload(discord.backend, discord.backend.get_channel(channel_id))


# silent


async def test_bots_are_not_answered(den: Den) -> None:
    robot = den.discord.guild.add_member(den.discord.world.create_user("robot", bot=True))
    asked = await den.ask(DELIVERY, user=robot)
    await den.silence(asked, den.channel.id)


async def test_where_a_teammate_has_replied_people_talk_until_the_bot_is_named(den: Den) -> None:
    thread = await den.ask(DELIVERY)
    await den.one_answer(thread)
    await den.ask("I'll look into it.", user=den.teammate, thread=thread, mention=False)
    later = await den.ask(PAYMENT, thread=thread, mention=False)
    await den.silence(later, thread)
    named = await den.ask(PAYMENT, thread=thread)
    await den.one_answer(named, thread, containing="Visa")
    await den.one_answer(await den.ask(GIFTS, thread=thread, mention=False), thread)


@pytest.mark.parametrize("wish", ["quiet", "安静", "🔇"])
async def test_a_thread_is_quiet_when_told_so(den: Den, wish: str) -> None:
    thread = await den.ask(DELIVERY)
    answer = await den.one_answer(thread)
    if wish == "🔇":
        message = den.discord.channel(thread).history()[-1]
        assert message.id == answer.id
        await den.asker.react(message, "🔇")
        await den.discord.wait_for(
            lambda: den.bot.sql("SELECT muted FROM threads WHERE thread = ?", str(thread)) == [(1,)], SECONDS
        )
    else:
        await den.one_answer(await den.ask(wish, thread=thread, mention=False), thread)
    later = await den.ask(PAYMENT, thread=thread, mention=False)
    await den.silence(later, thread)
    await den.one_answer(await den.ask(PAYMENT, thread=thread), thread, containing="Visa")


# edits and deletions


async def test_an_edited_question_is_answered_again_in_place(den: Den) -> None:
    asked = await den.ask(GIFTS)
    stood = await den.one_answer(asked)
    message = den.channel.history()[0]
    await den.asker.edit(message, f"{den.me} {DELIVERY}")
    answer = await den.one_answer(asked, containing="working days")
    assert answer.id == stood.id


async def test_two_edits_in_a_row_leave_one_answer(den: Den) -> None:
    hold = den.discord.hold("POST /channels/*/messages")
    asked = await den.ask("Do gift cards expire?")
    await hold.begun()
    for revision, text in enumerate(("How do I return something?", DELIVERY), start=1):
        await den.asker.edit(den.channel.history()[0], f"{den.me} {text}")
        changed = partial(
            den.bot.sql, "SELECT 1 FROM inbox WHERE message_id = ? AND revision = ?", str(asked), revision
        )
        await den.discord.wait_for(changed, SECONDS, f"edit {revision}")
    hold.release()
    await den.one_answer(asked, containing="working days")


async def test_a_deleted_question_takes_its_answer_along(den: Den) -> None:
    asked = await den.ask(DELIVERY)
    await den.one_answer(asked)
    await den.asker.delete(den.channel.history()[0])
    await den.discord.wait_for(lambda: not den.said(asked), SECONDS)
    await den.discord.wait_for(lambda: den.bot.states()[str(asked)] == "withdrawn", SECONDS)


async def test_a_question_deleted_while_it_is_answered_is_not_answered(den: Den) -> None:
    hold = den.discord.hold("POST /channels/*/messages")
    asked = await den.ask(DELIVERY)
    await hold.begun()
    await den.asker.delete(den.channel.history()[0])
    await den.discord.wait_for(lambda: den.bot.states().get(str(asked)) in {"retracting", "withdrawn"}, SECONDS)
    hold.release()
    await den.discord.settled(SECONDS, 0.5)
    assert den.said(asked) == []


# commands


async def test_ask_is_answered_where_everybody_sees_it_or_in_private(den: Den) -> None:
    for private in (False, True):
        result = await den.asker.slash(den.channel, "ask", question=DELIVERY, private=private)
        answer = await den.response(result)
        assert "working days" in shown(answer) and labels(answer) and result.ephemeral is private
        assert result.followups == []


async def test_questions_of_the_faq_are_offered_while_one_types(den: Den) -> None:
    offered: list[str] = []
    for typed in ("gift c", "退货"):
        result = await _autocomplete(den, typed)
        choices = await den.discord.wait_for(lambda result=result: result.autocomplete_choices, SECONDS)
        assert 1 <= len(choices) <= 25
        offered += [choice["value"] for choice in choices]
    assert GIFTS in offered and "如何退货？" in offered


async def _autocomplete(den: Den, typed: str) -> Any:
    from simcord.actors import _autocomplete_result

    return await _autocomplete_result(den.asker, den.channel, "ask", "question", typed, {})


async def test_a_message_is_answered_from_its_menu(den: Den) -> None:
    await den.asker.send(den.channel, DELIVERY)
    result = await den.teammate.context_menu(den.channel, "Answer from the FAQ", den.channel.history()[-1])
    assert "working days" in shown(await den.response(result))
    empty = await den.asker.send(den.channel, "", attachments=[("parrot.png", b"...")])
    result = await den.teammate.context_menu(den.channel, "Answer from the FAQ", empty)
    assert "no text" in shown(await den.response(result)) and result.ephemeral


# where a thread begins without a message


async def test_the_first_question_of_a_thread_without_a_message_is_heard_in_a_help_channel(den: Den) -> None:
    backend = den.discord.backend
    for marked in (False, True):
        if marked:
            assert (await den.bot.command("channels", "help", str(den.channel.id))).code == 0
        talk = backend.create_thread(den.channel.id, "talk", den.asker.id)
        await den.silence(await den.ask("Good morning all", thread=talk.id, mention=False), talk.id)
        await den.silence(await den.ask(GIFTS, thread=talk.id, mention=False), talk.id)  # no more the first
        thread = backend.create_thread(den.channel.id, "questions", den.asker.id)
        asked = await den.ask(DELIVERY, thread=thread.id, mention=False)
        if not marked:
            await den.silence(asked, thread.id)
            continue
        assert "working days" in shown(await den.one_answer(asked, thread.id))
        follow = await den.ask(GIFTS, thread=thread.id, mention=False)
        assert "expire" in shown(await den.one_answer(follow, thread.id))


async def test_talk_in_the_thread_of_a_message_is_not_heard(den: Den) -> None:
    assert (await den.bot.command("channels", "help", str(den.channel.id))).code == 0
    root = await den.ask("Good morning all", mention=False)
    den.discord.backend.create_thread(den.channel.id, "morning", den.asker.id, message_id=root)
    await den.silence(await den.ask(DELIVERY, thread=root, mention=False), root)


async def test_a_post_whose_first_message_is_gone_is_heard(forum: Den) -> None:
    assert (await forum.bot.command("channels", "help", str(forum.channel.id))).code == 0
    backend = forum.discord.backend
    thread = backend.create_thread(forum.channel.id, "Delivery", forum.asker.id, broadcast=False)
    backend.announce_thread_create(thread)
    asked = await forum.ask("how long does it take?", thread=thread.id, mention=False)
    assert "working days" in shown(await forum.one_answer(asked, thread.id))


async def test_the_chat_of_a_voice_channel_is_heard(den: Den) -> None:
    den.channel = den.discord.guild.create_voice_channel(f"voice-{den.channel.id}")
    asked = await den.ask(DELIVERY)
    await den.says(den.channel.id, "working days", after=asked)  # threads there are none
    assert (await den.bot.command("channels", "help", str(den.channel.id))).code == 0
    asked = await den.ask(GIFTS, mention=False)
    await den.says(den.channel.id, "expire", after=asked)
