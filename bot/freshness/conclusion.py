"""What there is to say of a refresh beside its report: whom its changes touch, and what contradicts each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from bot.freshness.service import Contradictions
from bot.freshness.stale import Staleness

if TYPE_CHECKING:  # brings FAISS along
    from retrieval.refresh import RefreshReport


async def conclude_refresh(
    report: RefreshReport, contradictions: Contradictions, staleness: Staleness
) -> Mapping[str, object]:
    """As JSON by name. What a dry run read is not compared. Raises StorageError, RetrievalError."""
    changed = [(line.url, line.question) for line in (*report.changed, *report.removed)]
    touched = await staleness.touched(changed)
    told: dict[str, object] = {}
    if touched:
        told["touched"] = [
            {"question": each.title, "url": each.url, "customers": each.customers, "since": each.since.isoformat()}
            for each in touched
        ]
    if report.outcome != "dry_run":
        told["contradictions"] = asdict(await contradictions.scan_entries())
    return told
