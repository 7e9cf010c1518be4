"""Who may, and the record of it."""

import asyncio
from dataclasses import replace

import pytest

from bot.access.models import AuditEntry
from bot.access.service import AccessService
from bot.chat.people import Role
from bot.errors import InputError, NotAllowed, StorageError
from tests.support.steering import ADMIN, CUSTOMER, MATE, Office


@pytest.mark.parametrize("actor", [CUSTOMER, MATE, ADMIN])
@pytest.mark.parametrize("role", list(Role))
async def test_each_role_may_what_those_below_it_may(office: Office, actor: object, role: Role) -> None:
    who = replace(actor)  # type: ignore[type-var]
    if who.role >= role:  # type: ignore[attr-defined]
        async with office.access.allowed(who, role, "act"):  # type: ignore[arg-type]
            pass
        assert (await office.recorded())[0][3] == "done"
    else:
        with pytest.raises(NotAllowed):
            async with office.access.allowed(who, role, "act"):  # type: ignore[arg-type]
                raise AssertionError("done all the same")
        assert (await office.recorded())[0][3] == "refused"


async def test_a_role_is_asked_for_at_every_call(office: Office) -> None:
    assert await office.access.role(MATE) is Role.TEAMMATE
    await office.admin_store.add("slack", "T1", MATE.user, "cli::root")
    assert await office.access.role(MATE) is Role.ADMIN
    for elsewhere in (replace(MATE, workspace="T2"), replace(MATE, platform="discord")):
        assert await office.access.role(elsewhere) is Role.TEAMMATE
    await office.admin_store.remove("slack", "T1", MATE.user)
    assert await office.access.role(MATE) is Role.TEAMMATE


@pytest.mark.parametrize("fault", [InputError("x"), ZeroDivisionError(), asyncio.CancelledError()])
async def test_what_fails_is_recorded_and_raised(office: Office, fault: BaseException) -> None:
    with pytest.raises(type(fault)):
        async with office.access.allowed(ADMIN, Role.ADMIN, "act", "x" * 1_000):
            raise fault
    assert await office.recorded() == [("UADMIN", "act", "x" * 200, "failed")]


async def test_a_record_that_cannot_be_made_hides_no_fault(office: Office) -> None:
    class Broken:
        async def add(self, entry: AuditEntry) -> None:
            raise StorageError("The database is locked.")

        async def list(self, limit: int = 50) -> list[AuditEntry]:
            return []

    with pytest.raises(asyncio.CancelledError):
        async with AccessService(office.admin_store, Broken()).allowed(ADMIN, Role.ADMIN, "act"):
            raise asyncio.CancelledError


async def test_nobody_is_let_through_without_a_record_of_the_refusal(office: Office) -> None:
    class Broken:
        async def add(self, entry: AuditEntry) -> None:
            raise StorageError("The database is locked.")

        async def list(self, limit: int = 50) -> list[AuditEntry]:
            return []

    done = []
    with pytest.raises(StorageError):
        async with AccessService(office.admin_store, Broken()).allowed(CUSTOMER, Role.ADMIN, "act"):
            done.append("act")
    assert done == []
