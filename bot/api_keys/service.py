"""Keys: made, looked up by what a caller sends, taken back.

A key is `fdk_`, its public part and 256 random bits. Of those the SHA-256 is kept. A slow hash protects what can be
guessed; these cannot, and every request would pay for it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from bot.api_keys.models import ApiKey, Scope
from bot.api_keys.ports import KeyStore
from bot.errors import InputError, StorageError
from bot.runtime.tasks import AttendedTasks

log = structlog.get_logger(__name__)

PREFIX = "fdk"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_TOKEN = re.compile(rf"{PREFIX}_(?P<id>[0-9a-f]{{10}})_(?P<secret>[A-Za-z0-9_-]{{43}})")
_SECRET_BYTES = 32
_ID_BYTES = 5
_NOTED_EVERY = timedelta(minutes=1)  # of a key that is used all the time, each use is not worth a write
_NOBODYS = hashlib.sha256(b"").hexdigest()  # what is compared with where there is no such key


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made, and the `token` that its callers send: it is shown once, and kept nowhere."""

    key: ApiKey
    token: str = field(repr=False)


class ApiKeys:
    """The keys in a store. `now` tells the time. Every method raises StorageError."""

    def __init__(self, store: KeyStore, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._now = now
        self._noting = AttendedTasks("the uses of keys")

    async def create_key(self, name: str, scopes: Collection[Scope], days: int | None = None) -> NewKey:
        """A key for whoever `name` says, good for so many days, or until it is removed. Raises InputError."""
        if not NAME.fullmatch(name):
            raise InputError(
                f"{name[:40]!r} is no name of a key: at most 40 small letters, digits, dots, hyphens and underscores, "
                "a letter or digit first."
            )
        if not scopes:
            raise InputError(f"A key without a scope is good for nothing: name some of {', '.join(Scope)}.")
        now, secret = self._now(), secrets.token_urlsafe(_SECRET_BYTES)
        expires = now + timedelta(days=days) if days else None
        key = ApiKey(secrets.token_hex(_ID_BYTES), name, _hash_secret(secret), frozenset(scopes), now, expires)
        if not await self._store.add(key):
            raise InputError(f"There is a key named {name}: remove it first, or choose another name.")
        return NewKey(key, f"{PREFIX}_{key.id}_{secret}")

    async def find_key(self, token: str) -> ApiKey | None:
        """The key that a caller sent, if it is one, and neither removed nor expired."""
        match = _TOKEN.fullmatch(token)
        if match is None:
            return None
        key, now = await self._store.find(match["id"]), self._now()
        if not hmac.compare_digest(_hash_secret(match["secret"]), key.digest if key else _NOBODYS):
            return None
        if key is None or key.is_expired(now):
            return None
        if key.last_used_at is None or now - key.last_used_at >= _NOTED_EVERY:
            self._noting.attend_to(asyncio.create_task(self._note_use(key.id, now)))
        return key

    async def list_keys(self) -> Sequence[ApiKey]:
        """Oldest first."""
        return await self._store.list()

    async def remove_key(self, name: str) -> None:
        """From now on it opens nothing. Raises InputError."""
        if not await self._store.remove(name):
            raise InputError(f"There is no key named {name[:40]!r}: 'frontdesk keys list' tells which there are.")

    async def close(self) -> None:
        """Leave off what goes on in the background."""
        await self._noting.close()

    async def _note_use(self, key_id: str, at: datetime) -> None:
        try:
            await self._store.note_use(key_id, at)
        except StorageError as error:  # no caller is to suffer from that
            log.warning("a key's use was not noted", key=key_id, cause=str(error))


def _hash_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode("ascii")).hexdigest()
