"""Tasks that go on beside whatever began them."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from bot.runtime.tasks import AttendedTasks


async def test_a_fault_in_a_task_is_logged_and_what_ends_well_or_is_cancelled_is_not() -> None:
    attended = AttendedTasks("steering")
    forever = asyncio.Event()

    async def fail() -> None:
        raise ValueError("a customer's words")

    async def end() -> None: ...

    with capture_logs() as logs:
        for work in (fail(), end(), forever.wait()):
            attended.attend_to(asyncio.create_task(work))  # type: ignore[arg-type]
        await asyncio.sleep(0.01)
        await attended.close()
    [entry] = [each for each in logs if each["log_level"] == "error"]
    assert (entry["where"], entry["kind"]) == ("steering", "ValueError")
    assert "words" not in str(entry)


async def test_closing_waits_for_what_a_cancelled_task_still_does() -> None:
    attended, done = AttendedTasks("steering"), []

    async def clean_up() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            done.append(True)

    attended.attend_to(asyncio.create_task(clean_up()))
    await asyncio.sleep(0)
    await attended.close()
    assert done == [True]
