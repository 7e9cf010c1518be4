"""What `frontdesk doctor` checks: a part, whether it is well (None: worth knowing), and the finding."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.cli.output import age
from bot.errors import BotError
from retrieval.errors import NoActiveVersion, RetrievalError

if TYPE_CHECKING:
    from bot.settings import Settings

_LOW_DISK = 500 * 2**20  # bytes; a version of 50,000 passages takes about half of this
_OLD_DAYS = 30


@dataclass(frozen=True, slots=True)
class Check:
    """One finding."""

    part: str
    ok: bool | None
    finding: str


def diagnose(settings: Settings) -> list[Check]:
    """Run every check; a check that fails never stops the next."""
    checks = []
    for part, check in (
        ("python", _python),
        ("data folder", _data_folder),
        ("database", _database),
        ("sources", _sources),
        ("embedding model", _embedder),
        ("index", _index),
        ("crawl", _crawl),
    ):
        checks += _run(part, check, settings)
    return checks


def _run(part: str, check: Callable[[Settings], Iterator[Check]], settings: Settings) -> list[Check]:
    found: list[Check] = []
    try:
        found.extend(check(settings))
    except (BotError, RetrievalError) as error:
        found.append(Check(part, False, str(error)))
    except Exception as error:
        found.append(Check(part, False, f"{type(error).__name__} while checking: {error}"))
    return found


def _python(_: Settings) -> Iterator[Check]:
    import platform

    yield Check("python", sys.version_info[:2] == (3, 11), f"CPython {platform.python_version()}; Frontdesk needs 3.11")


def _data_folder(settings: Settings) -> Iterator[Check]:
    folder = settings.data_dir
    existing = next(p for p in (folder, *folder.parents) if p.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        yield Check("data folder", False, f"{folder} cannot be written: mend its rights or set FRONTDESK_DATA_DIR.")
        return
    free = shutil.disk_usage(existing).free
    mend = "" if free >= _LOW_DISK else ": make room, a refresh needs some for the new version"
    yield Check("data folder", free >= _LOW_DISK, f"{folder}, {free / 2**30:.1f} GiB free{mend}")


def _database(settings: Settings) -> Iterator[Check]:
    from bot.bootstrap import open_application

    async def check() -> str:
        async with open_application(settings) as application:
            return await application.database.check()

    yield Check("database", True, asyncio.run(check()))


def _sources(settings: Settings) -> Iterator[Check]:
    from bot.bootstrap import open_application

    async def names() -> list[str]:
        async with open_application(settings) as application:
            return [source.name for source in await application.sources.list()]

    found = asyncio.run(names())
    if found:
        yield Check("sources", True, f"{len(found)}: {', '.join(found)}")
    else:
        yield Check("sources", None, "none yet: add one with 'frontdesk sources add https://example.com/faq'")


def _embedder(settings: Settings) -> Iterator[Check]:
    import numpy as np

    from bot.bootstrap import embedder_for

    embedder = embedder_for(settings)
    vectors = embedder.embed_queries(["How do I return goods?", "How can I send something back?", "Is it raining?"])
    near, far = float(vectors[0] @ vectors[1]), float(vectors[0] @ vectors[2])
    sound = bool(np.isfinite(vectors).all()) and near > far
    mend = "" if sound else ": its vectors make no sense; remove the models folder in the data folder and try again"
    yield Check("embedding model", sound, f"{embedder.fingerprint}, {embedder.dimension} dimensions{mend}")


def _index(settings: Settings) -> Iterator[Check]:
    from bot.bootstrap import embedder_for, version_store

    store = version_store(settings)
    try:
        version = store.active()
    except NoActiveVersion as error:
        yield Check("index", None, str(error))
        return
    store.verify(version)
    manifest = version.manifest
    created = datetime.fromisoformat(manifest.created_at)
    yield Check(
        "index",
        None if (datetime.now(UTC) - created).days >= _OLD_DAYS else True,
        f"{version.id}, made {age(created)} ago from {manifest.counts['pages']} pages: "
        f"{manifest.counts['documents']} documents, {manifest.counts['passages']} passages; files as written",
    )
    if manifest.embedder != embedder_for(settings).fingerprint:
        yield Check("index", False, "was made with another embedding model: run 'frontdesk refresh'.")


def _crawl(settings: Settings) -> Iterator[Check]:
    allowed = ", ".join(settings.crawl_allow)
    if allowed:
        yield Check("crawl", None, f"the address guard lets {allowed} through: right for a test, rarely for a service")
    else:
        yield Check("crawl", True, "the address guard refuses private addresses")
    if not settings.crawl_contact:
        yield Check("crawl", None, "FRONTDESK_CRAWL_CONTACT is empty: sites like to know whom to write to")
