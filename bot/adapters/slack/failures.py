"""What goes wrong in talking to Slack -> the bot's own errors. The one place where the SDK's exceptions are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.errors import DeliveryError, PlatformError

# Trying again helps with these; any other error code of Slack's says the same the next time.
_PASSING = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "accesslimited",
    }
)
GONE = frozenset({"message_not_found", "thread_not_found"})
STREAM_OVER = frozenset({"message_not_in_streaming_state", "message_not_found", "message_not_streaming"})


def code_of(error: BaseException | None) -> str:
    """Slack's error code behind an error, or ""."""
    while error is not None and not isinstance(error, SlackApiError):
        error = error.__cause__
    if error is None:
        return ""
    try:
        return str(error.response["error"] or "")
    except (KeyError, TypeError):
        return ""


@contextmanager
def delivering() -> Iterator[None]:
    """Raises DeliveryError for whatever the SDK or the network raises."""
    try:
        yield
    except SlackApiError as error:
        code = code_of(error)
        status = getattr(error.response, "status_code", 200)
        passing = code in _PASSING or status == 429 or status >= 500
        told = f"Slack refuses {getattr(error.response, 'api_url', 'a call').rsplit('/', 1)[-1]}: {code or status}"
        raise DeliveryError(told, permanent=not passing) from error
    except (TimeoutError, aiohttp.ClientError, OSError, SlackClientError) as error:
        raise DeliveryError(f"Slack cannot be reached ({type(error).__name__})", permanent=False) from error


@contextmanager
def connecting() -> Iterator[None]:
    """Raises PlatformError, with the mend, for whatever the SDK or the network raises while connecting."""
    try:
        yield
    except SlackApiError as error:
        code = code_of(error) or str(getattr(error.response, "status_code", ""))
        raise PlatformError(f"Slack refuses the connection: {code}. {_mend(code)}.") from error
    except (TimeoutError, aiohttp.ClientError, OSError, SlackClientError) as error:
        raise PlatformError(
            f"Slack cannot be reached ({type(error).__name__}). Check the network and FRONTDESK_SLACK_API_URL."
        ) from error


def _mend(code: str) -> str:
    if code in {"invalid_auth", "not_authed", "token_revoked", "account_inactive", "token_expired"}:
        return "Check SLACK_BOT_TOKEN (xoxb-…) and SLACK_APP_TOKEN (xapp-…), or reinstall the app"
    if code == "not_allowed_token_type":
        return "SLACK_APP_TOKEN is the app-level token (xapp-…), SLACK_BOT_TOKEN the bot's (xoxb-…)"
    if code == "missing_scope":
        return "Give the app-level token the scope connections:write, and the app those of 'frontdesk slack manifest'"
    return "See https://docs.slack.dev for the code"
