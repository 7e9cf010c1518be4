"""The app manifest: what a workspace's admin pastes at https://api.slack.com/apps to have Frontdesk there."""

from __future__ import annotations

from typing import Any

from bot.platforms.slack.commands import ANSWER, EXPLAIN, SAVE

SCOPES = frozenset(
    {
        "app_mentions:read",
        "assistant:write",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "mpim:history",
        "reactions:read",
        "users:read",
    }
)
_EVENTS = (
    "agent_session_stopped",
    "app_home_opened",
    "app_mention",
    "assistant_thread_started",  # of apps that still have the older view
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "reaction_added",
    "reaction_removed",
)


def build_manifest(name: str = "Frontdesk", url: str = "") -> dict[str, Any]:
    """For Socket Mode; with the public base `url` of the web server, for signed HTTP."""
    endpoint = f"{url.rstrip('/')}/slack/events" if url else ""
    request = {"request_url": endpoint} if endpoint else {}
    commands = [
        {"command": "/ask", "description": "Ask the FAQ", "usage_hint": "your question"},
        {"command": "/faq", "description": "Steer Frontdesk (for admins and the team)", "usage_hint": "help"},
        {"command": "/forget-me", "description": "Delete all that you have asked"},
    ]
    shortcuts = [("Answer from the FAQ", ANSWER), ("Why this answer?", EXPLAIN), ("Save as FAQ answer", SAVE)]
    return {
        "display_information": {
            "name": name,
            "description": "Answers questions from our help pages, with their sources",
            "background_color": "#1d3d2f",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": name, "always_online": True},
            "agent_view": {"agent_description": "Answers questions from our help pages, with their sources"},
            "slash_commands": [
                command | {"should_escape": True} | ({"url": endpoint} if endpoint else {}) for command in commands
            ],
            "shortcuts": [
                {"name": name, "type": "message", "callback_id": callback, "description": name}
                for name, callback in shortcuts
            ],
        },
        "oauth_config": {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "event_subscriptions": {**request, "bot_events": list(_EVENTS)},
            "interactivity": {"is_enabled": True, **request},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not endpoint,
            "token_rotation_enabled": False,
        },
    }
