"""How the stand-in says no: to the app, and to a test whose person cannot do what it asks."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """The Web API answers `{ok: false, error}`; `messages` go into `response_metadata`."""

    def __init__(self, error: str, *messages: str, **extra: Any) -> None:
        super().__init__(error, *messages)
        self.error = error
        self.messages = list(messages)
        self.extra = extra

    def answer(self) -> dict[str, Any]:
        """The body that Slack sends."""
        body: dict[str, Any] = {"ok": False, "error": self.error, **self.extra}
        if self.messages:
            body["response_metadata"] = {"messages": self.messages}
        return body


class AppFailure(AssertionError):
    """What Slack shows a person when the app's answer to a command, click or form is late, missing or malformed.

    `error` is `operation_timeout`, `dispatch_failed` or `invalid_response`.
    """

    def __init__(self, error: str, detail: str = "") -> None:
        super().__init__(f"{error}: {detail}" if detail else error)
        self.error = error


class CannotDo(AssertionError):
    """A person could not do this in Slack: the button is not there, the channel not theirs, the field required."""
