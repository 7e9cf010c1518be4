"""What goes wrong in talking to Slack -> the bot's own errors. The one place where the SDK's exceptions are read."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.webhook import WebhookResponse

from bot.errors import DeliveryError, PlatformError, Refusal

# By https://docs.slack.dev/reference/methods (the errors of chat.*, conversations.* and all methods). A code that is in
# no list is one of the form: a plainer one is tried and then another place, so that nothing unknown ends in silence.
_MOMENT = frozenset(
    {
        "accesslimited",
        "fatal_error",
        "internal_error",
        "rate_limited",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
    }
)
_PLACE = frozenset(
    {
        "as_user_not_supported",
        "cannot_dm_bot",
        "cannot_reply_to_message",
        "cant_delete_message",
        "cant_update_message",
        "channel_not_found",
        "channel_type_not_supported",
        "edit_window_closed",
        "is_archived",
        "is_inactive",
        "message_not_found",
        "messages_tab_disabled",
        "method_not_supported_for_channel_type",
        "not_in_channel",
        "thread_not_found",
        "user_disabled",
        "user_not_found",
        "user_not_visible",
    }
)
_BOT = frozenset(
    {
        "access_denied",
        "account_inactive",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_auth",
        "message_limit_exceeded",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "team_added_to_org",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
_TAKEN = 200
_RESTRICTED = "restricted_action"  # and what follows it: _read_only_channel, _thread_locked, _non_threadable_channel …
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


def kind_of(code: str, status: int = 200) -> Refusal:
    """What an error code of Slack's, or an HTTP status, calls for."""
    if code in _MOMENT or status == 429 or status >= 500:
        return Refusal.MOMENT
    if code in _BOT or status in {401, 403}:
        return Refusal.BOT
    return Refusal.PLACE if code in _PLACE or code.startswith(_RESTRICTED) else Refusal.FORM


def lacks_thread(error: DeliveryError) -> bool:
    """Whether a message was refused for its thread, not for its channel."""
    code = code_of(error)
    return code in {"cannot_reply_to_message", "thread_not_found"} or (
        code.startswith(_RESTRICTED) and "thread" in code
    )


@contextmanager
def translate_delivery_errors() -> Iterator[None]:
    """Raises DeliveryError for whatever the SDK or the network raises."""
    try:
        yield
    except SlackApiError as error:
        code = code_of(error)
        status = getattr(error.response, "status_code", 200)
        kind = kind_of(code, status)
        told = f"Slack refuses {getattr(error.response, 'api_url', 'a call').rsplit('/', 1)[-1]}: {code or status}"
        raise DeliveryError(f"{told}. {suggest_fix(code)}." if kind is Refusal.BOT else told, kind) from error
    except (TimeoutError, aiohttp.ClientError, OSError, SlackClientError) as error:
        raise DeliveryError(f"Slack cannot be reached ({type(error).__name__})", Refusal.MOMENT) from error


async def takes_response(responding: Awaitable[WebhookResponse]) -> bool:
    """Whether a response URL takes what is sent to it: it may be used up. Raises DeliveryError where that cannot be
    told, and for blocks that Slack does not take: whoever responds need not be in the channel to say it plainly."""
    with translate_delivery_errors():
        sent = await responding
    if sent.status_code != _TAKEN and "blocks" in str(sent.body):
        raise DeliveryError(f"Slack refuses a response: {str(sent.body)[:100]}", Refusal.FORM)
    return sent.status_code == _TAKEN


@contextmanager
def translate_connection_errors() -> Iterator[None]:
    """Raises PlatformError, with the mend, for whatever the SDK or the network raises while connecting."""
    try:
        yield
    except SlackApiError as error:
        code = code_of(error) or str(getattr(error.response, "status_code", ""))
        raise PlatformError(f"Slack refuses the connection: {code}. {suggest_fix(code)}.") from error
    except (TimeoutError, aiohttp.ClientError, OSError, SlackClientError) as error:
        raise PlatformError(
            f"Slack cannot be reached ({type(error).__name__}). Check the network and FRONTDESK_SLACK_API_URL."
        ) from error


def suggest_fix(code: str) -> str:
    """What an operator does about an error code of Slack's."""
    if code in {"invalid_auth", "not_authed", "token_revoked", "account_inactive", "token_expired"}:
        return "Check SLACK_BOT_TOKEN (xoxb-…) and SLACK_APP_TOKEN (xapp-…), or reinstall the app"
    if code == "not_allowed_token_type":
        return "SLACK_APP_TOKEN is the app-level token (xapp-…), SLACK_BOT_TOKEN the bot's (xoxb-…)"
    if code == "missing_scope":
        return "Give the app-level token the scope connections:write, and the app those of 'frontdesk slack manifest'"
    if code in {"org_login_required", "ekm_access_denied", "enterprise_is_restricted", "team_access_not_granted"}:
        return "Your Slack organisation keeps the app out: an owner has to let it in again"
    if code == "message_limit_exceeded":
        return "The workspace may send no more messages: see its plan and its messages' limit"
    if code == "team_added_to_org":
        return "The workspace is being moved into an organisation: Slack lets apps in again when that is done"
    return "See https://docs.slack.dev for the code"
