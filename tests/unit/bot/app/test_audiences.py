"""What is for some people only reaches nobody else, by whichever way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.app import Application, open_application
from bot.chat.card import Card
from bot.chat.conversation import WITHHELD, Decision, Feedback, Final, IncomingMessage, Turn, Vote
from bot.chat.groups import find_author, list_place_groups
from bot.chat.message import Audience, ChatMessage, Party, ThreadRef
from bot.chat.people import Actor, Role
from bot.commands.parser import read_line
from bot.handoff.models import HandoffMessage, HandoffReason
from bot.platforms.discord.platform import DiscordPlatform
from bot.platforms.discord.settings import DiscordSettings
from bot.platforms.registry import ConfiguredPlatform, Platforms
from bot.platforms.slack.platform import SlackPlatform
from bot.platforms.slack.settings import SlackSettings
from bot.settings import load_settings
from retrieval.audiences import EVERYTHING, Viewer
from retrieval.documents import Document, Source, SourceKind
from retrieval.index.build import build_index
from retrieval.index.versions import Manifest, VersionStore
from tests.fakes import FakeMessenger
from tests.support.embedding import default_embedder
from tests.support.steering import FakeRooms

SECRET = "Resellers get forty percent off the list price."
PAGES = {
    "help": [
        ("How long does delivery take?", "Three to five working days."),
        ("How do I return an item?", "Send it back within thirty days, in its box."),
        ("Which cards do you take?", "Every card but Diners Club."),
        ("How do I close my account?", "Under settings, choose to close it."),
    ],
    "partners": [
        ("What is the reseller discount?", SECRET),
        ("How do I register a deal in the partner portal?", "Open the partner portal and choose to register a deal."),
    ],
}
ASKED = "What is the reseller discount?"
VIP, PUBLIC, PRIVATE = (ThreadRef("slack", "T1", channel, "") for channel in ("CVIP", "CPUBLIC", "D1"))
SUPPORT = "CSUPPORT"
TEAMMATE = Actor("slack", "T1", "UTEAM", "Tess", Role.TEAMMATE)
ADMIN = Actor("slack", "T1", "UADMIN", "Ada", Role.ADMIN)


class Screen:
    """Shows nothing."""

    async def show_card(self, card: Card, *, public: bool = False) -> None:
        """Nothing."""

    async def follow_task(self, work: asyncio.Task[Any]) -> None:
        """Nothing."""


def activate_pages(data: Path) -> None:
    store = VersionStore(data / "index")
    documents = [
        Document(f"https://{source}.example/{n}", question, answer, language="en", source=source)
        for source, pairs in PAGES.items()
        for n, (question, answer) in enumerate(pairs)
    ]
    index = build_index(documents, default_embedder())
    with store.stage_version() as folder:
        index.save(folder)
        counts = {"pages": len(documents), "documents": len(documents), "passages": len(index.passages)}
        manifest = Manifest(
            store.new_id(), "2026-01-01T00:00:00+00:00", "", default_embedder().fingerprint, 384, counts
        )
        version = store.commit_version(folder, manifest)
    store.activate_version(version)


@pytest.fixture
async def application(tmp_path: Path) -> AsyncIterator[Application]:
    activate_pages(tmp_path)
    settings = load_settings(data_dir=tmp_path, learn_from=1, _env_file=None)
    platforms = Platforms(
        [
            ConfiguredPlatform(SlackPlatform(), SlackSettings(support_channel=SUPPORT, _env_file=None)),
            ConfiguredPlatform(DiscordPlatform(), DiscordSettings(_env_file=None)),
        ]
    )
    async with open_application(settings, platforms, embedding_models=default_embedder()) as application:
        application.posters["slack"] = FakeRooms()
        for name in PAGES:
            await application.source_store.add(Source(name, SourceKind.WEBSITE, f"https://{name}.example/"))
        await application.load_beside()
        yield application


async def limit(application: Application, groups: str, source: str = "partners") -> None:
    card = await command(application, f"sources audience {source} {groups}")
    assert not card.fault, card.text


async def command(application: Application, line: str, actor: Actor = ADMIN, place: ThreadRef = PUBLIC) -> Card:
    call = read_line(line, application.console.commands)
    card = await application.console.run(actor, place, call, Screen())
    assert isinstance(card, Card)
    return card


_numbers = iter(range(1, 10_000))


def write(text: str, place: ThreadRef, user: str = "UANN", **more: Any) -> ChatMessage:
    number = f"{next(_numbers):06}.0"
    audience = Audience.DIRECT if place.channel.startswith("D") else Audience.MENTION
    return ChatMessage(replace(place, thread=number), number, user, text, audience, **more)


async def ask(application: Application, text: str, place: ThreadRef, **more: Any) -> Turn:
    """A message's way through the inbox to its turn."""
    messenger = FakeMessenger()
    application.inbox.add_platform(place.platform, messenger)
    running = asyncio.create_task(application.inbox.run())
    try:
        await application.inbox.receive_message(write(text, place, **more))
        async with asyncio.timeout(20):
            await application.inbox.until_idle()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return await application.conversations.find_turn(messenger.turns[-1])


def tells_secret(turn: Turn) -> bool:
    told = [turn.answer, *(each.text for each in turn.passages), *(each.url for each in turn.citations)]
    return any("forty" in text or "partners.example" in text for text in told)


async def answer(application: Application, message: IncomingMessage) -> Turn:
    [final] = [event async for event in application.answer_pipeline.answer_message(message) if isinstance(event, Final)]
    return final.turn


DISCORD = ThreadRef("discord", "77", "5", "")


@pytest.mark.parametrize(
    ("groups", "place", "more", "seen"),
    [
        ("slack:CVIP", VIP, {}, True),
        ("slack:CVIP", PUBLIC, {}, False),
        ("slack:CVIP", PRIVATE, {}, False),
        ("slack:CVIP", PUBLIC, {"text": f"{ASKED} slack:channel:CVIP <#CVIP>"}, False),
        ("slack:CVIP", replace(VIP, platform="discord"), {}, False),
        ("slack:workspace:T1", PRIVATE, {}, True),
        ("slack:T1", PUBLIC, {"is_guest": True}, False),
        ("slack:T1", replace(PUBLIC, workspace="T2"), {}, False),
        ("discord:server:77", DISCORD, {}, True),
        ("discord:guild:77", replace(DISCORD, workspace="@me", channel="9"), {}, False),
        ("discord:role:42", DISCORD, {"groups": frozenset({"discord:role:42"})}, True),
        ("discord:role:42", DISCORD, {"groups": frozenset({"discord:role:43"})}, False),
        ("discord:role:42", DISCORD, {"groups": frozenset({"discord:role:42"}), "asked_by": "U2"}, False),
        ("discord:channel:4", DISCORD, {"groups": frozenset({"discord:channel:4"})}, True),
        ("slack:CVIP discord:role:42", VIP, {}, True),
    ],
)
async def test_a_question_sees_what_its_place_and_asker_may(
    application: Application, groups: str, place: ThreadRef, more: dict[str, Any], seen: bool
) -> None:
    await limit(application, groups)
    more = dict(more)
    turn = await ask(application, more.pop("text", ASKED), place, **more)
    assert tells_secret(turn) is seen


async def test_a_change_counts_at_once_here_and_soon_in_other_processes(
    application: Application, tmp_path: Path
) -> None:
    async with open_application(application.settings, embedding_models=default_embedder()) as other:
        await other.load_beside()
        keeping_up = asyncio.create_task(other.live_audiences.run(0.01))
        question = IncomingMessage("c", ASKED, "slack", "U1", "CPUBLIC", viewer=Viewer(list_place_groups(PUBLIC)))
        for groups, seen in (("everybody", True), ("slack:CVIP", False), ("here", True), ("everyone", True)):
            await limit(application, groups)
            assert tells_secret(await answer(application, question)) is seen
            await asyncio.sleep(0.2)
            assert tells_secret(await answer(other, question)) is seen
        keeping_up.cancel()
        await asyncio.gather(keeping_up, return_exceptions=True)
    recorded = [(each.action, each.target) for each in await application.audit_log.list()]
    assert ("sources audience", "partners slack:CVIP") in recorded


async def test_only_admins_say_whom_a_source_is_for(application: Application) -> None:
    card = await command(application, "sources audience partners everybody", TEAMMATE)
    assert card.fault and "admins" in card.text


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        ("slack:nonsense", "is no id"),
        ("slack:role:S1", "no group of Slack"),
        ("discord:5", "may be several things"),
        ("teams:5", "names no group"),
        ("everybody slack:CVIP", "name no group beside it"),
    ],
)
async def test_what_names_no_group_is_refused_with_the_mend(application: Application, groups: str, told: str) -> None:
    card = await command(application, f"sources audience partners {groups}")
    assert card.fault and told in card.text


async def test_the_pages_of_a_source_that_was_taken_out_stay_limited(application: Application) -> None:
    await limit(application, "slack:CVIP")
    await application.source_store.remove("partners")
    await application.live_audiences.load()
    assert not tells_secret(await ask(application, ASKED, PUBLIC))
    await application.source_store.add(Source("partners", SourceKind.WEBSITE, "https://partners.example/"))
    await application.live_audiences.load()
    assert not tells_secret(await ask(application, ASKED, PUBLIC))


async def test_a_source_of_an_earlier_one_s_name_opens_nothing_that_was_limited(application: Application) -> None:
    await limit(application, "slack:CVIP")
    await application.source_store.remove("partners")
    source = Source("partners", SourceKind.WEBSITE, "https://partners.example/")
    await application.source_store.add(source, frozenset())
    await application.live_audiences.load()
    assert not tells_secret(await ask(application, ASKED, PUBLIC))
    assert tells_secret(await ask(application, ASKED, VIP))
    assert not any(SECRET in each for each in await application.catalogue.suggest("reseller", 5, 100))
    await application.audience_store.record_read(["partners"], application.live_index.current_index()[0])
    await application.live_audiences.load()
    assert tells_secret(await ask(application, ASKED, PUBLIC))


async def test_an_overview_counts_what_the_viewer_may_see(application: Application) -> None:
    async def count(*groups: str) -> tuple[int, int]:
        overview = await application.catalogue.overview(viewer=Viewer(frozenset(groups)))
        assert overview
        return overview.pages, overview.passages

    assert await count() == (6, 6)
    await limit(application, "slack:CVIP")
    assert await count() == (4, 4)
    assert await count("slack:channel:CVIP") == (6, 6)


async def test_the_list_of_taught_answers_says_whom_each_is_for(application: Application) -> None:
    taught = await application.taught_answers.teach(ADMIN, "Opening hours?", "From nine to five.")
    listed = await command(application, "taught")
    assert listed.table and "for" not in listed.table.columns
    await command(application, f"taught audience {taught.id[:8]} slack:CVIP")
    listed = await command(application, "taught")
    assert listed.table and (listed.table.columns[-1], listed.table.rows[0][-1]) == ("for", "slack:channel:CVIP")


async def test_a_source_is_added_for_some_only_in_one_step(application: Application) -> None:
    source = Source("wiki", SourceKind.WEBSITE, "https://wiki.example/")
    preview = application.source_preview
    preview._read = lambda _source: [Document("https://wiki.example/", "Why?", "So.")]  # type: ignore[assignment]
    application.refresh_service.begin = _refuse_to_begin  # type: ignore[method-assign]
    card = await command(application, "sources add https://wiki.example/ --name wiki --audience slack:CVIP")
    assert "slack:channel:CVIP" in card.footnote
    await application.console.click(ADMIN, PUBLIC, "add_source", card.buttons[0].value, Screen())
    assert source.location in [each.location for each in await application.source_store.list()]
    assert application.live_audiences.current().by_source["wiki"] == {"slack:channel:CVIP"}
    listed = await command(application, "sources")
    assert listed.table and listed.table.columns[-1] == "for"
    assert [row[-1] for row in listed.table.rows if row[0] == "wiki"] == ["slack:channel:CVIP"]


async def _refuse_to_begin(_request: object) -> Any:
    raise RuntimeError("no crawl in this test")


async def test_an_option_that_is_pressed_elsewhere_is_searched_for_there(application: Application) -> None:
    offered = await ask(application, "partner", VIP)
    asked = await ask(application, ASKED, VIP)
    offer = replace(asked, id="f" * 32, decision=Decision.CLARIFY, conversation_id=offered.conversation_id)
    await application.conversations.add_turn(offer)
    await limit(application, "slack:CVIP")
    pressed = {"chosen": _press(offer)}
    for place, seen in ((VIP, True), (PUBLIC, False)):
        press = replace(write("1", VIP, groups=list_place_groups(place)), **pressed)
        message = IncomingMessage(
            "c-press", "Chose", "slack", "UANN", "CVIP", chosen=press.chosen, viewer=find_author(press)
        )
        assert tells_secret(await answer(application, message)) is seen


def _press(offer: Turn) -> Any:
    from bot.chat.conversation import OptionPress

    return OptionPress(offer.id, offer.citations[0].number, "UANN", "m")


async def test_what_customers_showed_in_one_place_leads_nobody_elsewhere(application: Application) -> None:
    await limit(application, "slack:CVIP")
    shown = await ask(application, ASKED, VIP, user="U1")
    wanted = replace(shown, id="e" * 32, question="mates rates please", standalone_question="mates rates please")
    await application.conversations.add_turn(wanted)
    await application.wording_learner.record_vote(wanted, Vote.UP, "U1")
    assert application.live_learned.current().entry_for("mates rates please")
    assert tells_secret(await ask(application, "mates rates please", VIP))
    assert not tells_secret(await ask(application, "mates rates please", PUBLIC))


async def test_neither_prompts_nor_examples_name_what_is_not_for_the_reader(application: Application) -> None:
    await limit(application, "slack:CVIP")
    inside, outside = Viewer(list_place_groups(VIP)), Viewer(list_place_groups(PUBLIC))
    assert ASKED in await application.catalogue.suggest("reseller", 25, 100, inside)
    assert await application.catalogue.suggest("reseller", 25, 100, outside) == ()
    assert not set(await application.catalogue.suggest("", 25, 100)) & {question for question, _ in PAGES["partners"]}
    overview = await application.catalogue.overview("en", 20)
    assert overview and overview.locations == ("https://help.example/",)
    assert ASKED not in overview.examples
    inside_view = await application.catalogue.overview("en", 20, viewer=inside)
    assert inside_view and ASKED in inside_view.examples


async def test_an_explanation_shows_teammates_what_their_place_sees_and_admins_all(application: Application) -> None:
    await limit(application, "slack:CVIP")
    turn = await ask(application, ASKED, VIP)
    told = [str(await command(application, f"explain {turn.id}", who, place)) for who, place in _EXPLAINED]
    assert ["partners.example" in each for each in told] == [False, True, True]
    await application.access._admins.add("slack", "T1", "UTEAM", "x")  # type: ignore[attr-defined]
    assert "partners.example" in str(await command(application, f"explain {turn.id}", TEAMMATE, PUBLIC))


_EXPLAINED = ((TEAMMATE, PUBLIC), (TEAMMATE, VIP), (ADMIN, PUBLIC))


async def test_a_handoff_s_card_shows_what_the_support_channel_sees(application: Application) -> None:
    rooms = application.posters["slack"]
    assert isinstance(rooms, FakeRooms)
    for groups, seen in (("slack:CVIP", False), (f"slack:CVIP,slack:{SUPPORT}", True)):
        await limit(application, groups)
        turn = await ask(application, ASKED, VIP)
        place = replace(VIP, thread=f"{groups}")
        await application.handoffs.open_handoff(place, "UANN", "Ann", turn, HandoffReason.BUTTON)
        cards = str([card for where, card in rooms.posts if where.channel == SUPPORT][-1])
        assert (SECRET in cards, "partners.example" in cards, WITHHELD in cards) == (seen, seen, not seen)
        assert ASKED in cards


async def test_what_a_handoff_teaches_is_for_those_who_saw_as_much(application: Application) -> None:
    await limit(application, "slack:T1 slack:CVIP")
    for place, expected in ((VIP, {"slack:channel:CVIP"}), (PRIVATE, {"slack:workspace:T1"})):
        turn = await ask(application, "May I pay in shells?", place)
        await application.handoffs.open_handoff(
            replace(place, thread=turn.id), "UANN", "Ann", turn, HandoffReason.BUTTON
        )
        [handoff, *_] = await application.handoff_store.list_handoffs()
        handoff = replace(handoff, turn_id=turn.id, conversation_id=turn.conversation_id, customer=place)
        said = [HandoffMessage(handoff.id, Party.SUPPORT, "1", "Tess", "Only cowries.", handoff.created_at)]
        proposal = await application.taught_answers.learned(handoff, said)
        assert proposal and proposal.taught.audience == expected


async def test_a_taught_answer_inherits_whom_it_is_for_and_that_can_be_changed(application: Application) -> None:
    await limit(application, "slack:CVIP")
    corrected = await application.taught_answers.teach(ADMIN, ASKED, "It is forty-two percent off.")
    assert corrected.audience == {"slack:channel:CVIP"}
    assert not tells_secret(await ask(application, ASKED, PUBLIC))
    assert "It is forty-two" in (await ask(application, ASKED, VIP)).answer
    there = await application.taught_answers.teach(ADMIN, "Is there a sauna?", "Yes, in the cellar.", place=VIP)
    assert there.audience == {"slack:channel:CVIP"}
    at_work = replace(VIP, channel=SUPPORT)
    await limit(application, f"slack:{SUPPORT}", "help")
    assert (await application.taught_answers.teach(ADMIN, "Any towels?", "Bring one.", place=at_work)).audience == set()
    await command(application, f"taught audience {there.id[:8]} everybody", TEAMMATE)
    assert (await application.taught_answers.get(there.id)).audience == set()
    changed = await command(application, f"taught audience {there.id[:8]} here", TEAMMATE, VIP)
    assert changed.facts["Only for"] == "slack:channel:CVIP"


async def test_limited_answers_are_left_out_of_what_is_made_for_a_site(application: Application) -> None:
    await limit(application, "slack:CVIP")
    await application.taught_answers.teach(ADMIN, ASKED, "It is forty-two percent off.")
    assert (await command(application, "export html", TEAMMATE)).fault
    await application.taught_answers.teach(ADMIN, "Is there a sauna?", "Yes.", place=PUBLIC)
    card = await command(application, "export html", TEAMMATE)
    assert card.file and "sauna" in str(card.file.content) and "forty" not in str(card.file.content)


async def test_a_gap_is_answered_only_where_it_is_for_those_who_asked(application: Application) -> None:
    await limit(application, "slack:CVIP")
    outside = await ask(application, ASKED, PUBLIC)
    assert outside.decision is not Decision.ANSWER
    await application.conversations.record_vote(Feedback(outside.id, "UANN", Vote.DOWN))
    assert [gap.answered for gap in (await application.gaps.report()).gaps] == [False]
    await limit(application, "everybody")
    assert [gap.answered for gap in (await application.gaps.report()).gaps] == [True]


async def test_a_turn_keeps_by_which_groups_more_was_seen_and_by_whom_each_passage_may_be(
    application: Application,
) -> None:
    await limit(application, "slack:CVIP slack:T9")
    turn = await ask(application, ASKED, VIP)
    assert turn.granted == {"slack:channel:CVIP"}
    assert turn.passages[0].audience == {"slack:channel:CVIP", "slack:workspace:T9"}
    assert (await ask(application, ASKED, PUBLIC)).granted == set()


async def test_before_audiences_are_read_customers_are_told_nothing(application: Application, tmp_path: Path) -> None:
    async with open_application(application.settings, embedding_models=default_embedder()) as fresh:
        question = "How long does delivery take?"
        assert (await fresh.retriever.retrieve(question, viewer=Viewer())).passages == ()
        assert (await fresh.retriever.retrieve(question, viewer=EVERYTHING)).passages
        await fresh.load_beside()
        assert (await fresh.retriever.retrieve(question, viewer=Viewer())).passages


async def test_a_gap_is_closed_by_what_another_process_taught(application: Application) -> None:
    asked = await ask(application, "Is there a sauna?", PUBLIC)
    assert asked.decision is not Decision.ANSWER
    await application.conversations.record_vote(Feedback(asked.id, "UANN", Vote.DOWN))
    platforms = Platforms([])
    settings = application.settings
    async with open_application(settings, platforms, embedding_models=default_embedder()) as other:
        await other.live_audiences.load()  # as a refresh does, whose drafts are made for gaps
        assert [gap.answered for gap in (await other.gaps.report()).gaps] == [False]
        await application.taught_answers.teach(ADMIN, "Is there a sauna?", "Yes, in the cellar.")
        assert [gap.answered for gap in (await other.gaps.report()).gaps] == [True]
