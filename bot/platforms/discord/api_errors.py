"""What goes wrong in talking to Discord -> the bot's own errors. The one place that reads the library's exceptions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord

from bot.errors import DeliveryError, PlatformError, Refusal
from bot.platforms.discord.refusal_texts import explain_refusal

_UNKNOWN_MESSAGE = 10008
_THREAD_EXISTS = 160004
_NO_HISTORY = 160002
# By https://docs.discord.com/developers/topics/opcodes-and-status-codes; what is in no list is told by its HTTP status.
_FORM = frozenset({40005, 50006, 50035})
_MOMENT = frozenset({20022, 20028, 30046, 40004, 40058, 40062, 40333, 130000})  # 40058: not before its author's post
_BOT = frozenset({40001, 40002, 50014})


def kind_of(status: int, code: int = 0) -> Refusal:
    """What an HTTP status and an error code of Discord's call for."""
    if status == 429 or status >= 500 or code in _MOMENT:
        return Refusal.MOMENT
    if status == 401 or code in _BOT:
        return Refusal.BOT
    return Refusal.FORM if code in _FORM or (status == 400 and code < 20_000) else Refusal.PLACE


@contextmanager
def translate_delivery_errors() -> Iterator[None]:
    """Raises DeliveryError for whatever the library or the network raises."""
    try:
        yield
    except discord.DiscordServerError as error:
        raise DeliveryError(f"Discord fails ({error.status})", Refusal.MOMENT) from error
    except discord.HTTPException as error:
        raise DeliveryError(_describe_refusal(error), kind_of(error.status, error.code)) from error
    except (TimeoutError, OSError, aiohttp.ClientError, discord.DiscordException, RuntimeError) as error:
        # RuntimeError: the client was closed, and another is on its way.
        raise DeliveryError(f"Discord cannot be reached ({type(error).__name__})", Refusal.MOMENT) from error


@contextmanager
def translate_connection_errors() -> Iterator[None]:
    """Raises PlatformError, with the mend, for whatever the library or the network raises while connecting."""
    try:
        yield
    except discord.LoginFailure as error:
        raise PlatformError(
            "Discord refuses the token: copy it anew from the Bot page of your application to DISCORD_TOKEN."
        ) from error
    except discord.PrivilegedIntentsRequired as error:
        raise PlatformError(
            "Discord refuses the message content intent: switch it on, or off for good, on the application's Bot page."
        ) from error
    except discord.HTTPException as error:
        raise PlatformError(f"While connecting: {_describe_refusal(error)}.") from error
    except (TimeoutError, OSError, aiohttp.ClientError, discord.DiscordException) as error:
        raise PlatformError(
            f"Discord cannot be reached ({type(error).__name__}). Check the network, FRONTDESK_DISCORD_API_URL and "
            "FRONTDESK_DISCORD_GATEWAY_URL."
        ) from error


def _describe_refusal(error: discord.HTTPException) -> str:
    response = error.response
    url = getattr(response, "url", "")
    return explain_refusal(error.status, error.code, getattr(response, "method", ""), getattr(url, "path", ""))


def is_gone(error: DeliveryError) -> bool:
    """Whether the message or channel is not there any more."""
    return isinstance(error.__cause__, discord.NotFound)


def is_unknown_message(error: DeliveryError) -> bool:
    """Whether a message is not there any more: one that was asked for, or that stands for a nonce."""
    return isinstance(error.__cause__, discord.NotFound) and error.__cause__.code == _UNKNOWN_MESSAGE


def thread_exists(error: DeliveryError) -> bool:
    """Whether a message has its thread already."""
    return isinstance(error.__cause__, discord.HTTPException) and error.__cause__.code == _THREAD_EXISTS


def needs_history(error: DeliveryError) -> bool:
    """Whether a message was refused because it replies to one that the bot may not read."""
    return isinstance(error.__cause__, discord.HTTPException) and error.__cause__.code == _NO_HISTORY


def history_fails(error: DeliveryError) -> bool:
    """Whether Discord itself failed (as it does for a channel that holds what it cannot list), and was reached."""
    return isinstance(error.__cause__, discord.DiscordServerError)
