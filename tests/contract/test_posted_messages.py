"""What every PostedMessages does: the database's, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.database.database import Database
from bot.database.posted_messages import SqlPostedMessages
from bot.privacy.store import SqlPrivacyStore


async def test_messages_stand_in_their_order_and_are_changed_in_their_place(database: Database) -> None:
    posted = SqlPostedMessages(database)
    for name in ("q1", "a1", "q2"):
        await posted.put_message("widget", "c", "v", name, {"text": name})
    await posted.put_message("widget", "c", "v", "a1", {"text": "new\0"})
    await posted.put_message("widget", "other", "w", "q1", {"text": "theirs"})
    assert [(each.name, each.version) for each in await posted.list_messages("widget", "c")] == [
        *(("q1", 1), ("a1", 2), ("q2", 1))
    ]
    assert [each.name for each in await posted.list_messages("widget", "c", 2)] == ["a1", "q2"]
    assert await posted.load_versions("widget", "c") == {"q1": 1, "a1": 2, "q2": 1}
    found = await posted.find_message("widget", "c", "a1")
    assert found and found.body["text"].startswith("new") and "\0" not in found.body["text"]
    assert await posted.find_message("widget", "other", "a1") is None


async def test_a_message_that_was_removed_is_gone(database: Database) -> None:
    posted = SqlPostedMessages(database)
    await posted.put_message("widget", "c", "v", "q1", {})
    await posted.remove_message("widget", "c", "q1")
    await posted.remove_message("widget", "c", "q1")
    assert await posted.list_messages("widget", "c") == []


async def test_whoever_is_forgotten_takes_theirs_along_and_old_ones_expire(database: Database) -> None:
    posted, privacy = SqlPostedMessages(database), SqlPrivacyStore(database)
    await posted.put_message("widget", "v", "v", "q1", {})
    await posted.put_message("widget", "w", "w", "q1", {})
    gone = await privacy.forget("widget", "v")
    assert gone["posted_messages"] == 1
    assert await posted.load_versions("widget", "v") == {} and await posted.load_versions("widget", "w") == {"q1": 1}
    await privacy.expire(datetime.now(UTC) + timedelta(hours=1))
    assert await posted.load_versions("widget", "w") == {}
