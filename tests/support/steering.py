"""What steering stands on: rooms and screens that keep what they are told, and a console over real stores."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.access.admin_store import SqlAdminStore
from bot.access.audit_store import SqlAuditLog
from bot.access.service import AccessService
from bot.answering.store import SqlConversationStore
from bot.api_keys.service import ApiKeys
from bot.api_keys.store import SqlKeyStore
from bot.app.commands import make_groups
from bot.chat.card import Card
from bot.chat.message import MessageRef, ThreadRef
from bot.chat.people import Actor, Role
from bot.chat.refusal_notes import Refusals
from bot.commands.console import Console
from bot.commands.registry import Kind
from bot.database.database import Database
from bot.database.markers import SqlMarkers
from bot.errors import DeliveryError, Refusal
from bot.freshness.service import Contradictions, LiveSetAside
from bot.freshness.stale import Staleness
from bot.freshness.store import SqlFreshnessStore
from bot.gaps.draft_store import SqlDraftStore
from bot.gaps.mark_store import SqlGapMarkStore
from bot.gaps.service import Gaps
from bot.gaps.store import SqlMissedStore
from bot.glossary.service import GlossaryService, LiveGlossary
from bot.glossary.store import SqlGlossaryStore
from bot.handoff.service import HandoffLimits, HandoffService
from bot.handoff.store import SqlHandoffStore
from bot.inbox.notices import Notices, Undelivered
from bot.inbox.policy import update_thread
from bot.inbox.store import SqlInboxStore
from bot.insights.service import Insights
from bot.insights.store import SqlInsightStore
from bot.learned.service import LiveLearned, WordingLearner
from bot.learned.store import SqlLearnedStore
from bot.platforms.registry import load_platforms
from bot.privacy.service import PrivacyService
from bot.privacy.store import SqlPrivacyStore
from bot.sources.audience_store import SqlAudienceStore
from bot.sources.audiences import LiveAudiences
from bot.sources.catalogue import Knowledge
from bot.sources.preview import SourcePreview
from bot.sources.refresh import RefreshRequest, RefreshService
from bot.sources.refresh_log import SqlRefreshLog
from bot.sources.removal import SourceRemoval
from bot.sources.schedule import ScheduledRefreshes
from bot.sources.schedule_store import SqlScheduleStore
from bot.sources.status import StatusReport
from bot.sources.store import SqlSourceStore
from bot.sources.watch import RefreshWatch
from bot.taught.service import PublishedTaughtAnswers, TaughtAnswers
from bot.taught.store import SqlTaughtStore
from bot.wordings.service import Wordings
from bot.wordings.store import SqlWordingStore
from retrieval.audiences import Audiences
from retrieval.coverage import CoverageSummary
from retrieval.documents import Document, Passage, RetrievalResult, ScoredPassage, Source, SourceKind
from retrieval.errors import NoActiveVersion
from retrieval.index.build import build_index
from retrieval.index.index import Index
from retrieval.index.versions import VersionStore
from retrieval.refresh import Progress, RefreshReport
from tests.support.embedding import default_embedder, intent_reader

SHOP = Source("shop", SourceKind.WEBSITE, "https://shop.example/faq")
WIKI = Source("wiki", SourceKind.WEBSITE, "https://wiki.example/")
ADMIN = Actor("slack", "T1", "UADMIN", "Ada", Role.ADMIN)
MATE = Actor("slack", "T1", "UMATE", "Bob", Role.TEAMMATE)
CUSTOMER = Actor("slack", "T1", "UANN", "Ann", Role.CUSTOMER)
SUPPORT = ThreadRef("slack", "T1", "CSUPPORT", "")
HERE = ThreadRef("slack", "T1", "C1", "1.0")


@dataclass
class FakeRooms:
    """A platform that keeps what is posted. `broken` maps a channel to what its posts raise; who is not among the
    `strangers` is of the team."""

    platform: str = "slack"
    posts: list[tuple[ThreadRef, Card]] = field(default_factory=list)
    updates: list[tuple[MessageRef, Card]] = field(default_factory=list)
    broken: dict[str, Exception] = field(default_factory=dict)
    strangers: set[str] = field(default_factory=set)
    files_open_by_address: bool = False

    def texts(self, channel: str) -> list[str]:
        """What stands in a channel, titles before texts."""
        return [": ".join(filter(None, (card.title, card.text))) for at, card in self.posts if at.channel == channel]

    def is_direct(self, place: ThreadRef) -> bool:
        """By the channel's id, as Slack's."""
        return place.channel.startswith("D")

    async def post_card(self, place: ThreadRef, card: Card) -> MessageRef:
        """Keep it, unless the channel is broken."""
        if fault := self.broken.get(place.channel):
            raise fault
        self.posts.append((place, card))
        return MessageRef(place.platform, place.workspace or "T1", place.channel, f"m{len(self.posts)}")

    async def ensure_thread(self, message: MessageRef, name: str) -> ThreadRef:
        """Named as its first message."""
        return ThreadRef(message.platform, message.workspace, message.channel, message.message_id)

    async def update_card(self, message: MessageRef, card: Card) -> None:
        """Keep it, unless the channel is broken."""
        if fault := self.broken.get(message.channel):
            raise fault
        self.updates.append((message, card))

    async def open_direct_thread(self, workspace: str, user: str) -> ThreadRef:
        """One a user."""
        if fault := self.broken.get("direct"):
            raise fault
        return ThreadRef(self.platform, workspace, f"D{user}", f"D{user}")

    async def fetch_link(self, message: MessageRef) -> str:
        """Made up."""
        return f"https://chat.example/{message.channel}/{message.message_id}"

    async def fetch_user_name(self, workspace: str, user: str) -> str:
        """The id itself, capitalised."""
        return user.capitalize()

    async def is_teammate(self, workspace: str, user: str) -> bool:
        """Whoever is no stranger."""
        return user not in self.strangers


@dataclass
class FakeScreen:
    """Keeps what it is shown; `message` is what it stands in."""

    message: MessageRef | None = None
    cards: list[Card] = field(default_factory=list)
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)

    async def show_card(self, card: Card, *, public: bool = False) -> MessageRef | None:
        """Keep it, or raise the next fault."""
        if self.faults:
            raise self.faults.pop(0)
        self.cards.append(card)
        return self.message

    async def follow_task(self, work: asyncio.Task[Any]) -> None:
        """Keep it."""
        self.tasks.append(work)


class Crawl:
    """What runs in a refresh's thread: `steps` of progress, each held until `go`; then `report` or the next fault."""

    def __init__(self) -> None:
        self.requests: list[RefreshRequest] = []
        self.faults: list[Exception] = []
        self.report = RefreshReport("unchanged", "v1")
        self.held = False
        self.inside = 0
        self.most = 0

    def __call__(
        self, sources: Sequence[Source], request: RefreshRequest, on_progress: Callable[[Progress], None]
    ) -> RefreshReport:
        """Run."""
        import time

        self.requests.append(request)
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            on_progress(Progress("crawl", 1, 2))
            while self.held:
                time.sleep(0.005)
                on_progress(Progress("crawl", 1, 2))
            if self.faults:
                raise self.faults.pop(0)
            return self.report
        finally:
            self.inside -= 1


class FixedRetriever:
    """A Retriever that finds the same for every question."""

    def __init__(self, *documents: Document, confidence: float = 0.9) -> None:
        self.documents = documents
        self.confidence = confidence
        self.fault: Exception | None = None

    async def retrieve(self, query: str, limit: int = 8, **_: Any) -> RetrievalResult:
        """As it was told."""
        if self.fault:
            raise self.fault
        scored = tuple(ScoredPassage(Passage(each.id, each, each.answer), 1.0, {}) for each in self.documents)
        return RetrievalResult(query, "en", scored[:limit], self.confidence, "v1", "test", {})


class Office:
    """A console and all that it steers, over one SQLite file."""

    def __init__(self, database: Database, folder: Path, limits: HandoffLimits | None = None) -> None:
        self.database = database
        self.posters: dict[str, FakeRooms] = {"slack": FakeRooms()}
        self.source_store, self.runs = SqlSourceStore(database), SqlRefreshLog(database)
        self.audience_store = SqlAudienceStore(database)
        self.live_audiences = LiveAudiences(self.audience_store)
        self.schedule_store, self.admin_store = SqlScheduleStore(database), SqlAdminStore(database)
        self.audit_log, self.conversations = SqlAuditLog(database), SqlConversationStore(database)
        self.handoff_store, self.taught_store = SqlHandoffStore(database), SqlTaughtStore(database)
        self.markers, self.inbox_store = SqlMarkers(database), SqlInboxStore(database, update_thread, "", 15)
        self.refusals = Refusals(self.markers, ("test", "slack"))
        self.crawl, self.told = Crawl(), list[str]()
        self.retriever = FixedRetriever(confidence=0.0)
        self.found: list[Document] = []
        self.versions = VersionStore(folder)
        self.refresh_service = RefreshService(self.source_store, self.runs, self.crawl, self._paused)
        self.schedules = ScheduledRefreshes(self.schedule_store, self.refresh_service, self._tell)
        self.published_answers = PublishedTaughtAnswers(self.taught_store)
        self.taught_answers = TaughtAnswers(self.taught_store, self.published_answers, lambda: self.retriever)
        self.pages: list[Document] = []
        self.live_glossary = LiveGlossary(SqlGlossaryStore(database))
        self.glossary = GlossaryService(
            SqlGlossaryStore(database), self.source_store, self.live_glossary, lambda: self.pages
        )
        self.learned = SqlLearnedStore(database)
        self.live_learned = LiveLearned(self.learned, 2)
        self.wording_learner = WordingLearner(self.learned, self.live_learned, 2)
        self.wording_store = SqlWordingStore(database)
        self.wordings = Wordings(self.wording_store, self.index_pages, self._find_meant)
        self.support = {"slack": "CSUPPORT"}
        self.notices = Notices(self.posters, self.support, {"slack": "CADMINS"}, self.taught_answers)
        self.handoffs = HandoffService(
            self.handoff_store,
            self.inbox_store,
            self.conversations,
            self.posters,
            self.support,
            self.notices.propose,
            limits,
            Undelivered(self.notices).tell_of_support,
        )
        self.refresh_watch = RefreshWatch(self.refresh_service, self.runs, self.posters)
        self.access = AccessService(self.admin_store, self.audit_log)
        self.privacy = PrivacyService(SqlPrivacyStore(database), 0)
        self.api_keys = ApiKeys(SqlKeyStore(database))
        self.source_removal = SourceRemoval(self.source_store, self.versions)
        self.source_preview = SourcePreview(lambda _: self.found, self.markers)
        self.status = StatusReport(
            self.source_store,
            self.schedule_store,
            self.runs,
            _nothing_known,
            CoverageSummary,
            _no_models,
            self.refusals.list_refusals,
            self.audience_store,
        )
        self.status.watch_queue(lambda: (2, 1))
        self.freshness_store = SqlFreshnessStore(database)
        self.live_set_aside = LiveSetAside(self.freshness_store)
        self.audiences = Audiences()
        self.contradictions = Contradictions(
            self.freshness_store,
            self.live_set_aside,
            self.index_pages,
            lambda document: self.audiences.find_audience(document),
        )
        self.staleness = Staleness(self.freshness_store, self.index_pages)
        self.draft_store = SqlDraftStore(database)
        self.insights = Insights(SqlInsightStore(database))
        self.gap_mark_store = SqlGapMarkStore(database)
        self.gaps = Gaps(
            SqlMissedStore(database),
            default_embedder,
            intent_reader,
            drafts=self.draft_store,
            marks=self.gap_mark_store,
        )
        self.platforms = load_platforms()
        groups = make_groups(self, self.versions)  # type: ignore[arg-type]
        self.console = Console(self.access, groups, {Kind.SOURCE: groups[0].list_names})

    async def recorded(self) -> list[tuple[str, str, str, str]]:
        """The audit: (user, action, target, outcome), oldest first."""
        entries = await self.audit_log.list(200)
        return [(entry.user, entry.action, entry.target, entry.outcome) for entry in reversed(entries)]

    async def index_pages(self) -> Index:
        return build_index(self.pages, default_embedder())

    async def _find_meant(self, question: str) -> str:
        return ""

    async def _paused(self) -> frozenset[str]:
        return await self.schedules.paused()

    async def _tell(self, text: str) -> None:
        self.told.append(text)


def _nothing_known() -> Knowledge:
    raise NoActiveVersion("Nothing is indexed yet: run 'frontdesk refresh' (or 'frontdesk crawl URL') first.")


async def _no_models() -> Sequence[tuple[str, str, str]]:
    return ()


def gone(*, permanent: bool) -> DeliveryError:
    """What a platform says that takes nothing, or nothing for now."""
    if permanent:
        return DeliveryError("channel_not_found", Refusal.PLACE)
    return DeliveryError("ratelimited", Refusal.MOMENT)


QUICK_HANDOFFS = HandoffLimits(remind=timedelta(seconds=1))
Fields = Mapping[str, str]
