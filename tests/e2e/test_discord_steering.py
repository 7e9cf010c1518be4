"""What admins, teammates and customers steer from Discord: `frontdesk serve` on SQLite and PostgreSQL, over a site that
changes, while questions keep coming."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import discord as dpy
import pytest
import pytest_asyncio
from simcord.actors import _autocomplete_result, _dispatch_actor_interaction
from simcord.backend.models import Message
from simcord.enums import InteractionType

from bot.app.commands import COMMANDS, GROUPS
from bot.chat.people import Role
from bot.commands.registry import declared_buttons
from tests.e2e.conftest import crawled
from tests.support.bots import Bot
from tests.support.discord import DiscordStandIn
from tests.support.discord.standin import labels, shown
from tests.support.guilds import SECONDS, Den
from tests.support.postgres import fresh_database
from tests.support.site import Page, Site

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

TOPICS = ("returns", "delivery", "payment", "account", "warranty")
ANSWERS = {
    "returns": ("How do I return something?", "Send it back within 30 days."),
    "delivery": ("How long does delivery take?", "Delivery takes 3 working days."),
    "payment": ("Which cards do you accept?", "We accept Visa and Mastercard."),
    "account": ("How do I close my account?", "Write to us, and we close it."),
    "warranty": ("How long is the warranty?", "The warranty lasts two years."),
}
DELIVERY, PAYMENT = ANSWERS["delivery"][0], ANSWERS["payment"][0]
OPTIONS = {3: "anything", 4: 7, 5: True}  # of a command's options, by their types


def plain(message: Message) -> str:
    """What a message shows, without the backslashes that keep it literal."""
    return shown(message).replace("\\", "")


def page(topic: str) -> str:
    question, answer = ANSWERS[topic]
    return f"<h1>FAQ</h1><dl><dt>{question}</dt><dd>{answer}</dd></dl>"


def publish(site: Site, *, delay: float = 0.0) -> None:
    """The site as it was at first."""
    site.pages.clear()
    site.html("/help/", "".join(f'<p><a href="/help/{name}">{name}</a></p>' for name in TOPICS))
    for name in TOPICS:
        site.html(f"/help/{name}", page(name), delay=delay)


@dataclass
class Office:
    """A server with a team: its private support channel, and somebody of each kind."""

    discord: DiscordStandIn
    bot: Bot
    site: Site
    support: Any
    admin: Any
    teammate: Any

    def den(self) -> Den:
        return Den(self.bot, self.discord)

    def audited(self, user: int, outcome: str) -> set[str]:
        rows = self.bot.sql("SELECT action FROM audit WHERE user_id = ? AND outcome = ?", str(user), outcome)
        return {row[0] for row in rows}

    def packets(self) -> list[Message]:
        return [m for m in self.discord.bot_messages(self.support.id) if "asked for a person" in plain(m)]

    async def packet(self, question: str) -> Message:
        """The packet of a handoff."""

        def found() -> Message | None:
            threads = self.discord.backend.channels
            return next((m for m in self.packets() if question in plain(m) and m.id in threads), None)

        return await self.discord.wait_for(found, SECONDS, f"a packet of {question!r}")  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        publish(site)
        yield site


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.slow])]
)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """ "" for a SQLite file, or the URL of an empty PostgreSQL database."""
    if request.param == "sqlite":
        yield ""
        return
    with fresh_database(request.getfixturevalue("postgres")) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(database: str, site: Site, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    publish(site)
    folder = tmp_path_factory.mktemp("office")
    knowledge = crawled(folder / "data", site.url("/help/"))
    async with DiscordStandIn(limits=False) as discord:
        guild, world = discord.guild, discord.world
        managing = guild.create_role("Admins", permissions=dpy.Permissions(manage_guild=True))
        team = guild.create_role("Team")
        admin = guild.add_member(world.create_user("boss"), roles=[managing])
        teammate = guild.add_member(world.create_user("Ann"), roles=[team])
        hidden, seen = dpy.PermissionOverwrite(view_channel=False), dpy.PermissionOverwrite(view_channel=True)
        me = world.me()
        support = guild.create_text_channel("support", overwrites={guild.default_role: hidden, team: seen, me: seen})
        settings = {
            "FRONTDESK_DISCORD_SUPPORT_CHANNEL": str(support.id),
            "FRONTDESK_CRAWL_ALLOW": "127.0.0.0/8",
            "FRONTDESK_CRAWL_DELAY": "0",
            "NO_PROXY": "127.0.0.1",
        }
        bot = Bot(None, knowledge, folder / "bot", database=database, discord=discord, **settings)
        if database:
            for command in (("sources", "add", site.url("/help/")), ("refresh",)):  # a database that knows no run yet
                done = await bot.command(*command)
                assert done.code == 0, done.err
        async with bot:
            yield Office(discord, bot, site, support, admin, teammate)
            assert "Traceback" not in bot.log
            sent = [call.body for call in discord.calls if call.method in {"POST", "PATCH"}]
            bodies = [body for body in sent if isinstance(body, dict) and ("components" in body or "content" in body)]
            rings = [body for body in bodies if (body.get("allowed_mentions") or {"parse": []})["parse"]]
            assert not rings, rings[:3]


@pytest.fixture
def den(office: Office) -> Den:
    return office.den()


# who may


def leaves(command: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each subcommand's path and definition."""
    for option in command.get("options") or []:
        if option["type"] == 1:
            yield f"{command['name']} {option['name']}", option
        elif option["type"] == 2:
            yield from ((f"{command['name']} {path}", leaf) for path, leaf in leaves(option))


def filled(leaf: dict[str, Any], den: Den) -> dict[str, Any]:
    """Something for every option that a command has to be given."""
    chosen: dict[str, Any] = {}
    for option in leaf.get("options") or []:
        if option.get("required"):
            choices = option.get("choices")
            made = {6: den.other, 7: den.channel} | OPTIONS
            chosen[option["name"]] = choices[0]["value"] if choices else made[option["type"]]
    return chosen


async def test_whoever_is_not_of_the_team_is_refused_every_command(office: Office, den: Den) -> None:
    faq = den.discord.backend.find_command("faq", None)
    assert faq and not faq.get("default_member_permissions")
    for path, leaf in leaves(faq):
        result = await den.asker.slash(den.channel, path, **filled(leaf, den))
        refusal = await den.whispered(result, "That is for")
        assert labels(refusal) == [], path
    assert den.said(den.channel.id) == [each for each in den.said(den.channel.id) if each.is_ephemeral]
    assert office.audited(den.asker.id, "refused") == set(COMMANDS)
    assert not office.audited(den.asker.id, "done")


async def test_whoever_is_not_of_the_team_is_refused_every_button_and_form(office: Office, den: Den) -> None:
    roles = {name: action.role for name, action in declared_buttons(GROUPS).items()}
    for action, role in roles.items():
        name = f"frontdesk:do:{action}:{'a' * 32}"
        message = den.discord.show(den.channel.id, name, f"{name}:Really?")
        refusal = "That button is for" if action == "forget_me" else "That is for"
        await den.whispered(await den.asker.click(den.actors(message), custom_id=name), refusal)
        asked = await den.asker.click(den.actors(message), custom_id=f"{name}:Really?")
        question = await den.whispered(asked, "Really?")
        await den.asker.click(den.actors(question), custom_id=f"frontdesk:sure:{action}:{'a' * 32}:{message.id}")
        await den.whispered(asked, refusal)
        assert shown(message) == "Buttons"
        assert role is Role.CUSTOMER or action in office.audited(den.asker.id, "refused")
    for form in ("teach:new", f"edit:{'a' * 32}"):
        fields = [{"type": 18, "component": {"type": 4, "custom_id": "question", "value": "x"}}]
        data = {"custom_id": f"frontdesk:form:{form}", "components": fields}
        sent = await _dispatch_actor_interaction(den.asker, InteractionType.MODAL_SUBMIT, den.channel, data)
        await den.whispered(sent, "That is for")
    assert {"teach", "edit"} <= office.audited(den.asker.id, "refused")
    sent = await den.other.send(den.channel, "We ship to Sweden.")
    for menu in ("Why this answer?", "Save as FAQ answer"):
        turn = den.discord.show(den.channel.id, f"frontdesk:up:{'a' * 32}")
        target = den.actors(turn) if menu.startswith("Why") else sent
        result = await den.asker.context_menu(den.channel, menu, target)
        await den.whispered(result, "That is for")
    assert "save" in office.audited(den.asker.id, "refused")


@pytest.mark.slow
async def test_no_forged_button_does_anything(office: Office, den: Den) -> None:
    """The fixture looks for a traceback in the end."""
    before = len(office.packets()), office.audited(den.asker.id, "done")
    turns = [f"frontdesk:{what}:{'0' * 32}" for what in ("up", "down", "human", "solved")]
    names = [*turns, f"frontdesk:choose:{'0' * 32}:1", f"frontdesk:choose:{'0' * 32}:99"]
    for action in (*declared_buttons(GROUPS), "nobody_knows"):
        for value in ("", "../..", "null", "9" * 40, "' OR 1=1", "é", "%s%n"):
            names += [f"frontdesk:do:{action}:{value}", f"frontdesk:sure:{action}:{value}:{'9' * 20}"]
    for name in names:
        message = den.discord.show(den.channel.id, name)
        await den.asker.click(den.actors(message), custom_id=name)
    await den.discord.settled()
    assert (len(office.packets()), office.audited(den.asker.id, "done")) == before
    assert "Traceback" not in office.bot.log


async def test_whoever_manages_another_server_of_the_bots_is_no_admin(office: Office, den: Den) -> None:
    world = office.discord.world
    elsewhere = world.create_guild("Elsewhere")
    managing = elsewhere.create_role("Admins", permissions=dpy.Permissions(manage_guild=True))
    stranger = elsewhere.add_member(world.create_user("mallory"), roles=[managing])
    channel = elsewhere.create_text_channel("there")
    for command in ("faq status", "faq gaps list", "faq audit"):
        await den.whispered(await stranger.slash(channel, command), "That is for admins")
    assert not office.audited(stranger.id, "done")


async def test_teammates_and_named_admins_may_what_is_theirs(office: Office, den: Den) -> None:
    told = await office.teammate.slash(den.channel, "faq handoffs")
    await den.whispered(told, "Handoffs")
    told = await office.teammate.slash(den.channel, "faq status")
    await den.whispered(told, "That is for admins")
    typed = await _autocomplete_result(den.asker, den.channel, "faq recrawl", "source", "", {})
    await den.discord.wait_for(lambda: typed.autocomplete_choices is not None, SECONDS)
    assert typed.autocomplete_choices == []
    told = await office.admin.slash(den.channel, "faq admins add", user=den.other)
    await den.whispered(told, "may steer me now")
    told = await den.other.slash(den.channel, "faq status")
    status = plain(await den.whispered(told, "Status"))
    assert "Last re-crawl" in status and "passages" in status
    assert re.search(r"127\.0\.0\.1-\d+ +5 +5 +100% +by hand", status), status
    told = await office.admin.slash(den.channel, "faq admins list")
    await den.whispered(told, str(den.other.id))
    told = await office.admin.slash(den.channel, "faq admins remove", user=den.other)
    await den.whispered(told, "no more")
    told = await den.other.slash(den.channel, "faq status")
    await den.whispered(told, "That is for admins")
    for name in ("versions", "gaps list", "audit", "help", "taught list", "sources list", "export"):
        told = await office.admin.slash(den.channel, f"faq {name}")
        assert await den.whispered(told)


# re-crawls and sources


async def ended(den: Den, result: Any, text: str) -> Message:
    """The public message of a re-crawl, once it says so."""

    def found() -> Message | None:
        message = result.response._message if result.response else None
        return message if message and text in plain(message) else None

    return await den.discord.wait_for(found, 60, f"{text!r} of a re-crawl")  # type: ignore[no-any-return]


async def test_a_re_crawl_is_one_message_to_its_end_while_questions_are_answered(office: Office, den: Den) -> None:
    publish(office.site, delay=1.5)
    office.site.html("/help/delivery", page("delivery").replace("3 working", "five working"), delay=2.0)
    office.site.pages["/help/payment"] = Page(b"broken", status=500)
    office.site.pages["/help/account"] = Page(b"gone", status=410)
    answers: list[str] = []
    stop = asyncio.Event()

    async def ask_on() -> None:
        while not stop.is_set():
            room = office.den()
            answers.append(plain(await room.one_answer(await room.ask(DELIVERY))))

    asking = asyncio.create_task(ask_on())
    first = await office.admin.slash(den.channel, "faq recrawl")
    running = await ended(den, first, "Re-crawl of")
    assert not running.is_ephemeral and "Cancel" in labels(running)
    asked = await den.ask(PAYMENT)
    await den.one_answer(asked, containing="Visa")
    second = await office.admin.slash(den.channel, "faq recrawl")
    await ended(den, second, "This one runs already")
    done = await ended(den, first, "Re-crawl done")
    for told in ("1 changed", "1 removed", "1 failed", "500"):
        assert told in plain(done), told
    assert "by boss" in plain(done) and labels(done) == ["Roll back"]
    await ended(den, second, "Re-crawl done")
    stop.set()
    await asking
    old = ["3 working days" in answer for answer in answers]
    assert old == ["five working days" not in answer for answer in answers], answers
    assert old == sorted(old, reverse=True) and old.count(True) > 2, "the old version's, then the new one's"
    asked = await den.ask(DELIVERY)
    await den.one_answer(asked, containing="five working days")
    back = await office.admin.click(den.actors(done), label="Roll back")
    question = await den.whispered(back, "Go back to the version before?")
    sure = await office.admin.click(den.actors(question), label="Roll back")
    await den.discord.wait_for(lambda: "answers now (before" in plain(question), SECONDS)
    assert sure.followups == []
    publish(office.site)
    third = await office.admin.slash(den.channel, "faq recrawl", force=True)
    await ended(den, third, "Re-crawl done")


async def test_a_re_crawl_goes_to_its_end_after_its_command_s_token_has_expired(office: Office, den: Den) -> None:
    publish(office.site, delay=1.0)
    result = await office.admin.slash(den.channel, "faq recrawl", dry_run=True)
    await ended(den, result, "Dry run of")
    den.discord.fail("PATCH /webhooks/*", times=1, status=404)
    done = await ended(den, result, "Dry run done")
    publish(office.site)
    edits = [call for call in den.discord.calls if call.method == "PATCH" and call.path.endswith(f"/{done.id}")]
    assert any(call.path.startswith("/channels/") for call in edits)
    assert len(den.said(den.channel.id)) == 1


async def test_a_re_crawl_is_cancelled_by_its_button(office: Office, den: Den) -> None:
    publish(office.site, delay=3.0)
    result = await office.admin.slash(den.channel, "faq recrawl", source="", dry_run=True)
    running = await ended(den, result, "Dry run of")
    told = await office.admin.click(den.actors(running), label="Cancel")
    await den.whispered(told, "stops at the next page")
    await ended(den, result, "cancelled")
    publish(office.site)


async def test_a_mass_deletion_is_stopped_and_can_be_forced(office: Office, den: Den) -> None:
    publish(office.site)
    await ended(den, await office.admin.slash(den.channel, "faq recrawl", force=True), "Re-crawl done")
    for name in TOPICS[1:]:
        office.site.pages[f"/help/{name}"] = Page(b"gone", status=410)
    stopped = await ended(den, await office.admin.slash(den.channel, "faq recrawl"), "Re-crawl stopped")
    assert "would drop 4 of 5" in plain(stopped) and labels(stopped) == ["Re-crawl with --force"]
    await den.one_answer(await den.ask(DELIVERY), containing="3 working days")
    clicked = await office.admin.click(den.actors(stopped), label="Re-crawl with --force")
    question = await den.whispered(clicked, "This removes them from the index.")
    await office.admin.click(den.actors(question), label="Re-crawl with --force")
    await den.discord.wait_for(lambda: "4 removed" in plain(stopped), 60, "the forced re-crawl's end")
    assert "3 working days" not in plain(await den.one_answer(await den.ask(DELIVERY)))
    publish(office.site)
    await ended(den, await office.admin.slash(den.channel, "faq recrawl"), "Re-crawl done")


async def test_a_named_admin_s_re_crawl_is_a_message_of_the_bot_s(office: Office, den: Den) -> None:
    await den.whispered(await office.admin.slash(den.channel, "faq admins add", user=den.other), "may steer")
    await den.other.slash(den.channel, "faq recrawl", dry_run=True)
    message = await den.says(den.channel.id, "Dry run done")
    assert not message.is_ephemeral


async def offers(office: Office, den: Den, typed: str) -> list[dict[str, Any]]:
    """What an admin is offered who types a source's name."""
    result = await _autocomplete_result(office.admin, den.channel, "faq sources pause", "source", typed, {})
    return await den.discord.wait_for(lambda: result.autocomplete_choices, SECONDS)  # type: ignore[no-any-return]


async def test_a_source_is_looked_at_before_it_is_added(office: Office, den: Den) -> None:
    office.site.html("/more/", "<h1>FAQ</h1><dl><dt>Do you ship to Mars?</dt><dd>Not before 2040.</dd></dl>")
    result = await office.admin.slash(den.channel, "faq sources add", url=office.site.url("/more/"), name="more")
    preview = await den.whispered(result, "Do you ship to Mars?")
    assert labels(preview) == ["Add and read it", "Leave it"]
    await office.admin.click(den.actors(preview), label="Add and read it")
    await den.discord.wait_for(lambda: "Re-crawl done" in plain(preview), 60, "the first crawl of a source")
    await den.one_answer(await den.ask("Do you ship to Mars?"), containing="2040")
    (choice,) = await offers(office, den, "mo")
    assert choice["value"] == "more"
    for command, said in (("pause", "Paused more"), ("resume", "Took more up"), ("remove", "Removed more")):
        told = await office.admin.slash(den.channel, f"faq sources {command}", source="more")
        await den.whispered(told, said)
    told = await office.admin.slash(den.channel, "faq sources every", source="help", hours="24")
    listed = await office.admin.slash(den.channel, "faq sources list")
    assert await den.whispered(told) and await den.whispered(listed, "Sources")


async def test_a_channel_is_a_help_channel_or_quiet(office: Office, den: Den) -> None:
    told = await office.admin.slash(den.channel, "faq channel help", state="on")
    await den.whispered(told, "This channel is a help channel now")
    await den.one_answer(await den.ask(DELIVERY, mention=False))
    told = await office.admin.slash(office.den().channel, "faq channel quiet", state="on", channel=den.channel)
    await den.whispered(told, "That channel is quiet now")
    asked = await den.ask(PAYMENT)
    await den.silence(asked, den.channel.id)
    told = await office.admin.slash(den.channel, "faq channel quiet", state="off")
    await den.whispered(told, "not quiet any more")
    await den.one_answer(await den.ask(PAYMENT), containing="Visa")


# handoffs and taught answers


async def known(den: Den, question: str, containing: str) -> Message:
    """The answer to a question that was taught a moment ago."""
    for _ in range(20):
        answer = await den.one_answer(await den.ask(question))
        if containing in plain(answer):
            return answer
    raise AssertionError(f"{question} is not known: {plain(answer)}")


async def test_a_handoff_by_button_is_claimed_relayed_resolved_taught_and_answered_from(
    office: Office, den: Den
) -> None:
    discord, support = den.discord, office.support
    thread = await den.ask("Do you engrave teapots?")
    answer = await den.one_answer(thread)
    await den.asker.click(den.actors(answer), label="Ask a human")
    await den.says(thread, "a person will reply here")
    packet = await office.packet("Do you engrave teapots?")
    assert den.asker.name in plain(packet) and f"/{thread}/{answer.id}" in plain(packet)
    claimed = await office.teammate.click(den.actors(packet), label="Claim")
    await den.whispered(claimed, "It is yours")
    await den.says(thread, "Ann has joined")
    await discord.wait_for(lambda: "Claimed by: Ann" in plain(packet).replace("*", ""), SECONDS)

    told = await den.ask("It is a present.", thread=thread, mention=False)
    assert await den.done(told) == "relayed"
    await den.says(packet.id, "It is a present.")
    inside = discord.channel(packet.id)
    note = await office.teammate.send(inside, "// cheap customer")
    reply = await office.teammate.send(inside, "Yes, *up to* 20 letters: https://shop.test/engraving @everyone")
    assert await den.done(note.id) == "relayed" and await den.done(reply.id) == "relayed"
    relayed = await den.says(thread, "up to* 20 letters")
    assert "https://shop.test/engraving" in shown(relayed) and "**Ann**" in shown(relayed)
    assert not any("cheap" in plain(m) for m in den.said(thread))
    quiet = await den.ask(PAYMENT, thread=thread, mention=False)
    assert await den.done(quiet) == "relayed"
    assert not any("Visa" in plain(m) for m in den.said(thread))

    await office.teammate.click(den.actors(packet), label="Resolve")
    settled = await den.says(thread, "marked this as settled")
    assert labels(settled) == ["Yes", "No, a person please"]
    proposal = await den.says(packet.id, "Shall I answer so from now on?")
    assert "20 letters" in plain(proposal)
    await office.bot.kill()  # buttons and forms outlive whoever showed them
    await office.bot.start()
    form = await office.teammate.click(den.actors(proposal), label="Edit")
    await discord.wait_for(lambda: form.modal, SECONDS)
    await office.bot.kill()
    await office.bot.start()
    fields = {"question": "Do you engrave teapots?", "answer": "Yes, up to 20 letters.", "expires": ""}
    await office.teammate.submit_modal(form, fields)
    await discord.wait_for(lambda: "Yes, up to 20 letters." in plain(proposal), SECONDS)
    await office.teammate.click(den.actors(proposal), label="Approve")
    await discord.wait_for(lambda: "Taught answer, in use" in plain(proposal), SECONDS)

    other = office.den()
    taught = await known(other, "Do you engrave teapots?", "20 letters")
    assert f"Ann, {datetime.now(UTC):%Y-%m-%d}" in plain(taught)
    vote = await other.asker.click(other.actors(taught), label="Not helpful")
    await discord.wait_for(lambda: vote.modal, SECONDS)
    await other.says(support.id, "Is this still right?")

    reopened = await den.asker.click(den.actors(settled), label="No, a person please")
    await den.whispered(reopened, "open again")
    await den.says(packet.id, "still needs help")


@pytest.mark.parametrize("wish", ["I want to talk to a human", "转人工"])
async def test_a_handoff_by_words_is_claimed_by_replying(office: Office, den: Den, wish: str) -> None:
    thread = await den.ask(wish)
    packet = await office.packet(wish)
    reply = await office.teammate.send(den.discord.channel(packet.id), f"Hello, what is it about? {den.channel.id}")
    assert await den.done(reply.id) == "relayed"
    await den.says(thread, f"what is it about? {den.channel.id}")
    assert "Claimed by" in plain(packet)


async def test_a_private_conversation_is_handed_over_and_answered_in_private(office: Office, den: Den) -> None:
    sent = await den.asker.send_dm(DELIVERY)
    where = sent.channel.id
    answer = await den.one_answer(sent.id, where)
    await den.asker.user.click(den.actors(answer), label="Ask a human")
    await den.says(where, "a person will reply here")
    told = await den.asker.send_dm("I want to talk to a human")  # once more: it is one handoff
    await den.done(told.id)
    (packet,) = [m for m in office.packets() if den.asker.name in plain(m)]
    reply = await office.teammate.send(den.discord.channel(packet.id), "At your service.")
    await den.done(reply.id)
    await den.says(where, "At your service.")
    told = await den.asker.send_dm("Wonderful!")
    assert await den.done(told.id) == "relayed"
    await den.says(packet.id, "Wonderful!")


async def test_where_the_thread_is_locked_people_and_customer_go_on_in_private(office: Office, den: Den) -> None:
    thread = await den.ask("I'd like to talk to a human about my teapot")
    packet = await office.packet("about my teapot")
    await den.says(thread, "a person will reply here")
    den.discord.fail(f"POST /channels/{thread}/messages", 999, status=403, code=160005)
    reply = await office.teammate.send(den.discord.channel(packet.id), "Which teapot?")
    assert await den.done(reply.id) == "relayed"
    where = await den.discord.wait_for(lambda: den.discord.backend.dm_channels.get(den.asker.id), SECONDS)
    await den.says(where, "about my teapot")
    await den.says(where, "Which teapot?")
    told = await den.asker.send_dm("The blue one")
    assert await den.done(told.id) == "relayed"
    await den.says(packet.id, "The blue one")


async def test_files_reach_the_other_side_as_links(office: Office, den: Den) -> None:
    thread = await den.ask("I'd like to talk to a human about my bill")
    packet = await office.packet("about my bill")
    await den.says(thread, "a person will reply here")
    support = den.discord.channel(packet.id)
    sent = await office.teammate.send(support, "", attachments=[("offer.pdf", b"%PDF")])
    assert await den.done(sent.id) == "relayed"
    await den.says(thread, f"]({sent.attachments[0].url})")
    told = await den.asker.send(den.discord.channel(thread), "this one", attachments=[("bill.png", b"...")])
    assert await den.done(told.id) == "relayed"
    await den.says(packet.id, f"]({told.attachments[0].url})")


async def test_a_private_answer_to_a_command_is_handed_over_in_private(office: Office, den: Den) -> None:
    result = await den.asker.slash(den.channel, "ask", question=PAYMENT, private=True)
    answer = await den.response(result)
    clicked = await den.asker.click(den.actors(answer), label="Ask a human")
    await den.whispered(clicked, "a person for you")
    where = await den.discord.wait_for(lambda: den.discord.backend.dm_channels.get(den.asker.id), SECONDS)
    await den.says(where, f"asked: {PAYMENT}")
    await den.says(where, "a person will reply here")


async def test_a_public_answer_to_a_command_is_handed_over_in_a_thread_of_its_own(office: Office, den: Den) -> None:
    result = await den.asker.slash(den.channel, "ask", question=PAYMENT)
    answer = await den.response(result)
    await den.asker.click(den.actors(answer), label="Ask a human")
    await den.says(answer.id, "a person will reply here")


async def test_where_no_thread_may_be_made_people_write_in_private_or_the_customer_hears_so(
    office: Office, den: Den
) -> None:
    result = await den.asker.slash(den.channel, "ask", question=PAYMENT)
    answer = await den.response(result)
    den.discord.fail(f"POST /channels/{den.channel.id}/messages/*/threads", status=403)
    await den.asker.click(den.actors(answer), label="Ask a human")
    where = await den.discord.wait_for(lambda: den.discord.backend.dm_channels.get(den.asker.id), SECONDS)
    await den.says(where, "a person will reply here")
    result = await den.other.slash(den.channel, "ask", question=PAYMENT, private=True)
    answer = await den.response(result)
    den.discord.fail("POST /users/@me/channels", status=403)
    told = await den.other.click(den.actors(answer), label="Ask a human")
    await den.whispered(told, "couldn't reach our team")


# an answer's menus, and forgetting


async def test_an_answer_is_explained_from_its_menu(office: Office, den: Den) -> None:
    thread = await den.ask(DELIVERY)
    answer = den.actors(await den.one_answer(thread))
    told = await office.teammate.context_menu(den.discord.channel(thread), "Why this answer?", answer)
    why = await den.whispered(told, "Why this answer")
    assert "threshold" in plain(why) and "score" in plain(why)
    chatter = await den.asker.send(den.channel, "Lunch?")
    told = await office.teammate.context_menu(den.channel, "Why this answer?", chatter)
    await den.whispered(told, "no answer of mine")
    (turn,) = office.bot.sql("SELECT id FROM turns ORDER BY created_at DESC LIMIT 1")
    told = await office.teammate.slash(den.channel, "faq explain", answer=turn[0][:8])
    await den.whispered(told, "Why this answer")


async def test_a_message_is_saved_as_an_answer_from_its_menu(office: Office, den: Den) -> None:
    asked = await den.asker.send(den.channel, "Can you gift-wrap the kettle?")
    answer = await den.other.send(den.channel, "Yes, in **brown paper**.", reply_to=asked)
    form = await office.teammate.context_menu(den.channel, "Save as FAQ answer", answer)
    modal = await den.discord.wait_for(lambda: form.modal, SECONDS)
    values = [part["component"].get("value", "") for part in modal["components"]]
    assert values == ["Can you gift-wrap the kettle?", "Yes, in **brown paper**.", ""]
    question, text, _ = values
    sent = await office.teammate.submit_modal(form, {"question": question, "answer": text, "expires": "30"})
    await den.whispered(sent, "Taught answer, in use")
    found = await known(den, "Can you gift-wrap the kettle?", "brown paper")
    assert f"/channels/{den.discord.guild.id}/{den.channel.id}/{answer.id}" in shown(found)

    thread = await den.ask("Is the shop open on Sundays?")
    await den.one_answer(thread)
    said = await den.other.send(den.discord.channel(thread), "It is not.")
    form = await office.teammate.context_menu(den.discord.channel(thread), "Save as FAQ answer", said)
    modal = await den.discord.wait_for(lambda: form.modal, SECONDS)
    assert modal["components"][0]["component"]["value"] == "Is the shop open on Sundays?"
    listed = await office.teammate.slash(den.channel, "faq taught list", state="approved")
    await den.whispered(listed, "gift-wrap")
    taught = office.bot.sql("SELECT id FROM taught WHERE question LIKE '%gift-wrap%'")
    told = await office.teammate.slash(den.channel, "faq taught show", id=taught[0][0][:8])
    card = await den.whispered(told, "brown paper")
    await office.teammate.click(den.actors(card), label="Take it out")
    await den.discord.wait_for(lambda: "dismissed" in plain(card), SECONDS)
    new = await office.teammate.slash(den.channel, "faq teach")
    await den.discord.wait_for(lambda: new.modal, SECONDS)
    exported = await office.teammate.slash(den.channel, "faq export", format="html")
    file = await den.whispered(exported)
    assert "approved yet" in plain(file) or file.attachments[0]["filename"] == "faq.html"


async def test_whoever_asks_is_forgotten(office: Office, den: Den) -> None:
    await den.one_answer(await den.ask(DELIVERY))
    asked = "SELECT count(*) FROM inbox WHERE user_id = ?"
    assert office.bot.sql(asked, str(den.asker.id)) == [(1,)]
    result = await den.asker.slash(den.channel, "forget-me")
    question = await den.whispered(result, "Shall I delete everything")
    told = await den.asker.click(den.actors(question), label="Delete everything")
    await den.whispered(told, "deleted what you asked")
    assert office.bot.sql(asked, str(den.asker.id)) == [(0,)]
    await den.asker.send_dm(DELIVERY)
    result = await den.asker.user.slash("forget-me")
    await den.discord.wait_for(lambda: result.response, SECONDS)
