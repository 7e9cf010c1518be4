"""A strict stand-in for Slack: `async with SlackStandIn() as slack:`.

`workspace` holds the state, `webapi` the door to the methods (`chat`, `streams`, `lookups`, `surfaces`), `checks` Block
Kit's limits; `people` and `interactions` are what members do; `delivery` brings events to the app, by `socketmode` or
`httpmode`; `responses` serves response_url; `rendered` tells whom a text notifies; `standin` is the whole.
"""

from tests.support.slack.errors import AppFailure, CannotDo
from tests.support.slack.standin import SlackStandIn
from tests.support.slack.workspace import Message

__all__ = ["AppFailure", "CannotDo", "Message", "SlackStandIn"]
