"""What `frontdesk doctor` checks: a part, whether it is well (None: worth knowing), and the finding."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from bot.chat.text import format_age
from bot.errors import BotError
from retrieval.errors import CorruptVersion, NoActiveVersion, RetrievalError, UnknownVersion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.platforms.registry import ConfiguredPlatform
    from bot.settings import Settings
    from bot.sources.models import RefreshRun
    from retrieval.documents import Source
    from retrieval.index.versions import VersionStore
    from retrieval.interfaces import Embedder
    from retrieval.models.embedding_models import EmbeddingModels

_LOW_DISK = 500 * 2**20  # bytes; a version of 50,000 passages takes about half of this
_OLD_DAYS = 30
_LATE = timedelta(hours=1)  # a customer waits for a person
_E5 = re.compile(r"\be5-(small|base|large)", re.IGNORECASE)
_WITHOUT_PREFIXES = (
    "models of the E5 family were trained with prefixes: set FRONTDESK_EMBEDDING_QUERY_PREFIX=query: and "
    "FRONTDESK_EMBEDDING_DOCUMENT_PREFIX=passage: and refresh"
)


@dataclass(frozen=True, slots=True)
class Check:
    """One finding."""

    part: str
    ok: bool | None
    finding: str


def run_checks(settings: Settings, on_part: Callable[[str], None] = lambda _: None) -> list[Check]:
    """Run every check; a check that fails never stops the next. `on_part` is told which one begins."""
    checks = []
    for part, check in (
        ("python", _check_python),
        ("data folder", _check_data_folder),
        ("database", _check_database),
        ("sources", _check_sources),
        ("handoffs", _check_handoffs),
        ("privacy", _check_privacy),
        ("embedding model", _check_embedding_models),
        ("reranker", _check_reranker),
        ("index", _check_index),
        ("coverage", _check_coverage),
        ("crawl", _check_crawl),
        ("golden questions", _check_golden),
        ("vllm", _check_vllm),
        ("platforms", _check_platforms),
        ("api", _check_api),
        ("serve", _check_serve),
    ):
        on_part(part)
        checks += _run_check(part, check, settings)
    return checks


def _run_check(part: str, check: Callable[[Settings], Iterator[Check]], settings: Settings) -> list[Check]:
    found: list[Check] = []
    try:
        found.extend(check(settings))
    except (BotError, RetrievalError) as error:
        found.append(Check(part, False, str(error)))
    except Exception as error:
        found.append(Check(part, False, f"{type(error).__name__} while checking: {error}"))
    return found


def _check_python(_: Settings) -> Iterator[Check]:
    import platform

    yield Check("python", sys.version_info[:2] == (3, 11), f"CPython {platform.python_version()}; Frontdesk needs 3.11")


def _check_data_folder(settings: Settings) -> Iterator[Check]:
    folder = settings.data_dir
    existing = next(p for p in (folder, *folder.parents) if p.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        yield Check("data folder", False, f"{folder} cannot be written: mend its rights or set FRONTDESK_DATA_DIR.")
        return
    free = shutil.disk_usage(existing).free
    mend = "" if free >= _LOW_DISK else ": make room, a refresh needs some for the new version"
    yield Check("data folder", free >= _LOW_DISK, f"{folder}, {free / 2**30:.1f} GiB free{mend}")


def _check_database(settings: Settings) -> Iterator[Check]:
    from bot.app.application import open_application

    async def ping_database() -> str:
        async with open_application(settings) as application:
            return await application.database.check_health()

    yield Check("database", True, asyncio.run(ping_database()))


def _check_sources(settings: Settings) -> Iterator[Check]:
    from bot.app.application import open_application
    from bot.sources.health import missing_folders, troubles

    async def load_sources() -> tuple[Sequence[Source], Sequence[RefreshRun], frozenset[str]]:
        async with open_application(settings) as application:
            paused = await application.schedules.paused()
            return await application.source_store.list(), await application.refresh_log.list(), paused

    sources, runs, paused = asyncio.run(load_sources())
    if not sources:
        yield Check("sources", None, "none yet: add one with 'frontdesk sources add https://example.com/faq'")
        return
    yield Check("sources", True, f"{len(sources)}: {', '.join(source.name for source in sources)}")
    for name in sorted(paused):
        yield Check("sources", None, f"{name} is paused: 'frontdesk sources resume {name}' takes it up again")
    sources = [source for source in sources if source.name not in paused]
    missing = missing_folders(sources)
    for source in missing:
        mend = f"bring it back, or 'frontdesk sources remove {source.name}'"
        yield Check("sources", False, f"{source.name}: the folder {source.location} is not there: {mend}")
    yield from _check_browser(settings, sources)
    for trouble in troubles([source for source in sources if source not in missing], runs):
        names, age = ", ".join(trouble.sources), format_age(trouble.at)
        if trouble.needs_browser:
            yield Check("sources", None, f"{names}: as of the last refresh, {age} ago, {trouble.reason}")
        else:
            what = "found nothing" if trouble.empty else "failed"
            yield Check("sources", False, f"{names}: the last refresh, {age} ago, {what}: {trouble.reason}")


def _check_browser(settings: Settings, sources: Sequence[Source]) -> Iterator[Check]:
    """Whether there is one for the sources that are read in it."""
    names = ", ".join(source.name for source in sources if source.render)
    if not names:
        return
    from retrieval.crawling.browser import RenderFailure, find_browser

    try:
        yield Check("browser", True, f"{find_browser(settings.browser)} reads {names}")
    except RenderFailure as failure:
        yield Check("browser", False, f"{names}: read in a browser, but {failure.reason}. {failure.mend}.")


def _check_handoffs(settings: Settings) -> Iterator[Check]:
    from bot.app.application import open_application
    from bot.handoff.models import HandoffState

    async def load_waiting_times() -> list[datetime]:
        async with open_application(settings) as application:
            return [
                each.created_at for each in await application.handoff_store.list_handoffs(HandoffState.OPEN, limit=1000)
            ]

    late = [moment for moment in asyncio.run(load_waiting_times()) if datetime.now(UTC) - moment > _LATE]
    if late:
        many = "1 customer has" if len(late) == 1 else f"{len(late)} customers have"
        waiting = f"{many} been waiting for a person for more than an hour, up to {format_age(min(late))}"
        yield Check("handoffs", None, f"{waiting}: see 'frontdesk handoffs'")
    else:
        yield Check("handoffs", True, "nobody has been waiting for a person for more than an hour")


def _check_privacy(settings: Settings) -> Iterator[Check]:
    from bot.masking import Masker

    kept = (
        f"conversations are kept for {settings.retention_days} days" if settings.retention_days else "nothing expires"
    )
    masked = Masker(frozenset(settings.mask)).mask("frontdesk@example.com")
    if not settings.mask:
        yield Check("privacy", None, f"FRONTDESK_MASK=none: personal data is kept as it is written; {kept}")
    elif ("email" in settings.mask) == ("example" in masked):
        yield Check("privacy", False, "an e-mail address is not masked as FRONTDESK_MASK wants it: this is a bug.")
    else:
        yield Check("privacy", True, f"masked before it is kept: {', '.join(settings.mask)}; {kept}")


def _check_embedding_models(settings: Settings) -> Iterator[Check]:
    from bot.app.factories import embedding_models_for

    models = embedding_models_for(settings)
    for model in models.models:
        yield _check_sense(model)
        if _E5.search(model.fingerprint) and not model.tells_questions_apart:
            yield Check("embedding model", None, _WITHOUT_PREFIXES)
    yield from _check_fit(settings, models)


def _check_fit(settings: Settings, models: EmbeddingModels) -> Iterator[Check]:
    """Whose fit the search goes by."""
    from bot.app.factories import own_fit_of
    from retrieval.errors import ModelError
    from retrieval.search.fitted import OWN, load_fitted
    from retrieval.search.profiles import GENERIC

    path = own_fit_of(settings, models)
    try:
        fitted = load_fitted(models, path)
    except ModelError as error:
        yield Check("search", False, f"{error} Until then the search goes by the fit that Frontdesk comes with.")
        return
    notes = {
        GENERIC: "weights and thresholds are a generic set, nobody has fitted any for these models: "
        "'frontdesk eval --questions FILE --fit' fits them to your own questions, see docs/models.md",
        OWN: f"confidence and thresholds were fitted on {OWN}: {path}",
    }
    note = notes.get(fitted.origin, f"weights and thresholds were fitted for {fitted.origin}")
    yield Check("search", None if fitted.origin == GENERIC else True, note)


def _check_sense(embedder: Embedder) -> Check:
    """Whether the model finds a question nearer to one that means the same than to another."""
    import numpy as np

    vectors = embedder.embed_queries(["How do I return goods?", "How can I send something back?", "Is it raining?"])
    sound = bool(np.isfinite(vectors).all()) and float(vectors[0] @ vectors[1]) > float(vectors[0] @ vectors[2])
    mend = "" if sound else ": its vectors make no sense; remove the models folder in the data folder and try again"
    return Check("embedding model", sound, f"{embedder.fingerprint}, {embedder.dimension} dimensions{mend}")


def _check_reranker(settings: Settings) -> Iterator[Check]:
    import time

    import numpy as np

    from bot.app.factories import reranking_for

    reranking = reranking_for(settings)
    if reranking is None:
        yield Check("reranker", None, "no FRONTDESK_RERANKER: passages are ranked without one; see docs/models.md")
        return
    text = "How do I return goods?\nSend them back within thirty days; we pay the postage. " * 10
    started = time.perf_counter()
    scores = reranking.reranker.score("How do I return goods?", [text] * reranking.top)
    took = (time.perf_counter() - started) * 1000
    sound = bool(np.isfinite(scores).all())
    mend = "" if sound else ": its scores make no sense; remove the models folder in the data folder and try again"
    found = f"{reranking.reranker.fingerprint}, {took:.0f} ms for {reranking.top} passages{mend}"
    yield Check("reranker", sound, found)


def _check_index(settings: Settings) -> Iterator[Check]:
    from bot.app.factories import embedding_models_for, version_store

    store = version_store(settings)
    if fault := store.pointer_fault():
        yield Check("index", False, fault)
    try:
        version = store.find_active()
        store.verify_files(version)
    except NoActiveVersion as error:
        yield Check("index", None, str(error))
        return
    except CorruptVersion as error:
        if not fault or store.active_id():
            yield Check("index", False, f"{error} {_describe_substitute(store)}")
        return
    manifest = version.manifest
    created = datetime.fromisoformat(manifest.created_at)
    yield Check(
        "index",
        None if (datetime.now(UTC) - created).days >= _OLD_DAYS else True,
        f"{version.id}, made {format_age(created)} ago from {manifest.counts['pages']} pages: "
        f"{manifest.counts['documents']} documents, {manifest.counts['passages']} passages; files as written",
    )
    if manifest.embedder != embedding_models_for(settings).fingerprint:
        yield Check("index", False, "was made with other embedding settings: run 'frontdesk refresh'.")


def _check_coverage(settings: Settings) -> Iterator[Check]:
    """How much of the pages' text is known, and of which pages nothing."""
    from bot.app.factories import load_coverage
    from bot.sources.cards import summary_line

    coverage = load_coverage(settings)
    if not coverage.measured:
        if coverage.pages:
            yield Check("coverage", None, "how much of the pages is known was not measured yet: 'frontdesk refresh'")
        return
    below = coverage.below
    line = summary_line(coverage)
    yield Check("coverage", None if below else True, f"{line}: see 'frontdesk sources pages'" if below else line)
    nothing = [page for page in below if page.is_fault]
    if nothing:
        first = nothing[0]
        why = first.coverage.explain_loss() if first.coverage else ""
        many = f", the first of {len(nothing)} such pages" if len(nothing) > 1 else ""
        yield Check("coverage", False, f"nothing is known of {first.url}{many}: {why}; see docs/extraction.md")


def _describe_substitute(store: VersionStore) -> str:
    """What is searched while the active version is damaged."""
    for version_id in store.list_substitutes(store.active_id() or ""):
        with suppress(CorruptVersion, UnknownVersion):
            store.verify_files(store.find_version(version_id))
            return f"Until then {version_id} answers."
    return "No other version is whole."


def _check_crawl(settings: Settings) -> Iterator[Check]:
    allowed = ", ".join(settings.crawl_allow)
    if allowed:
        yield Check("crawl", None, f"the address guard lets {allowed} through: right for a test, rarely for a service")
    else:
        yield Check("crawl", True, "the address guard refuses private addresses")
    if not settings.crawl_contact:
        yield Check("crawl", None, "FRONTDESK_CRAWL_CONTACT is empty: sites like to know whom to write to")


def _check_golden(settings: Settings) -> Iterator[Check]:
    from bot.evaluation.questions import read_golden

    path = settings.golden_questions
    if path is None:
        yield Check("golden questions", None, "none: to have refreshes tried on your own, see docs/evaluation.md")
        return
    count = len(read_golden(path).questions)
    yield Check("golden questions", True, f"{count} in {path}; a refresh may lose {settings.golden_may_lose} of them")


def _check_vllm(settings: Settings) -> Iterator[Check]:
    from bot.app.operators import check_vllm

    if not settings.vllm_url:
        yield Check("vllm", None, "no FRONTDESK_VLLM_URL: answers are quotes; to have them written, see docs/vllm.md")
    for server in asyncio.run(check_vllm(settings)):
        ok = False if server.fault else None if server.too_slow else True
        yield Check("vllm", ok, server.fault or f"{server.url} serves {server.finding}")


def _check_platforms(settings: Settings) -> Iterator[Check]:
    from bot.platforms.registry import load_platforms

    for name, each in load_platforms().items():
        if each.settings.is_configured:
            yield from _run_check(name, partial(_check_platform, each), settings)
        elif each.platform.how_to_begin:
            yield Check(name, None, each.platform.how_to_begin)


def _check_platform(configured: ConfiguredPlatform, _: Settings) -> Iterator[Check]:
    for finding in asyncio.run(configured.platform.check(configured.settings)):
        yield Check(configured.platform.name, finding.ok, finding.text)


def _check_api(settings: Settings) -> Iterator[Check]:
    """Whether anybody can call it who should, and nobody knows of a key that is good for nothing."""
    if not (settings.api or settings.mcp):
        return
    from bot.api_keys.models import ApiKey
    from bot.app.application import open_application

    async def load_keys() -> Sequence[ApiKey]:
        async with open_application(settings) as application:
            return await application.api_keys.list_keys()

    keys, surface = asyncio.run(load_keys()), "api" if settings.api else "mcp"
    if not keys:
        yield Check(surface, None, "on, and nobody can call it: 'frontdesk keys add NAME --scope ask' makes a key")
        return
    yield Check(surface, True, f"on, keys: {', '.join(key.name for key in keys)}")
    for key in keys:
        if key.is_expired(datetime.now(UTC)):
            yield Check(surface, None, f"the key of {key.name} has expired: 'frontdesk keys remove {key.name}'")


def _check_serve(settings: Settings) -> Iterator[Check]:
    """What a process that runs has met, and this one perhaps not: its tokens may be others."""
    from bot.app.application import open_application
    from bot.chat.refusal_notes import Refused

    async def load_refusals() -> Sequence[Refused]:
        async with open_application(settings) as application:
            return await application.refusals.list_refusals()

    for each in asyncio.run(load_refusals()):
        yield Check(each.platform, False, f"a process that runs is refused, for {format_age(each.since)}: {each.cause}")
