"""Commands of the running service: serve, mcp, slack manifest, discord invite, channels."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.output import AsJson, print_json, print_line, print_table, run_on_application
from bot.cli.steering import record_action

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.app import Application
    from bot.chat.message import Channel, ChannelKind

slack_app = typer.Typer(no_args_is_help=True)
discord_app = typer.Typer(no_args_is_help=True)
channels_app = typer.Typer(no_args_is_help=True)

ChannelId = Annotated[
    str,
    typer.Argument(help="The channel's id: C0123456789 in Slack, 1234567890123456789 in Discord.", metavar="CHANNEL"),
]
Workspace = Annotated[
    str, typer.Option("--workspace", help="The Slack team's or Discord server's id. Default: what the platform says.")
]


def serve_platforms() -> None:
    """Answer in every chat platform that is set up, until stopped. Serves /healthz, /readyz and /metrics."""
    from bot.app import serve_application

    run_on_application(serve_application)


def serve_assistant() -> None:
    """Answer an AI assistant that starts this command, over standard input and output (MCP). Over HTTP `serve` does."""
    from bot.app import serve_mcp

    nobody_else_waits = {"user_budget": 0, "workspace_budget": 0}
    run_on_application(serve_mcp, **nobody_else_waits)


@slack_app.command("manifest")
def slack_manifest(
    name: Annotated[str, typer.Option(help="What the app is called in Slack.")] = "Frontdesk",
    url: Annotated[str, typer.Option(help="The web server's public URL: for signed HTTP, not Socket Mode.")] = "",
) -> None:
    """Print the app manifest to paste at https://api.slack.com/apps ("From a manifest")."""
    from bot.app import slack_app_manifest

    typer.echo(json.dumps(slack_app_manifest(name, url), indent=2))


@discord_app.command("invite")
def discord_invite() -> None:
    """Print the URL that adds the bot to a Discord server, with the permissions it needs and no others."""
    from bot.app import discord_invitation

    print_line(asyncio.run(discord_invitation()))


@channels_app.command("list")
def list_channels(as_json: AsJson = False) -> None:
    """List the help channels, where every new question is answered, and those where the bot is quiet."""

    async def load_marked_channels(application: Application) -> Mapping[Channel, ChannelKind]:
        return await application.inbox_store.list_marked_channels()

    marked = run_on_application(load_marked_channels)
    rows = [(channel.platform, channel.workspace, channel.channel, kind.value) for channel, kind in marked.items()]
    columns = ("platform", "workspace", "channel", "kind")
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    print_table("Marked channels", columns, rows, empty="No channel is marked.")


@channels_app.command("help")
def help_channel(channel: ChannelId, workspace: Workspace = "") -> None:
    """Make a channel or forum a help channel: every new question in it is answered."""
    _mark_channel(channel, workspace, "help")
    print_line(f"{channel} is a help channel now: invite the bot there.")


@channels_app.command("unhelp")
def ordinary_channel(channel: ChannelId, workspace: Workspace = "") -> None:
    """Make a help channel an ordinary one again, where the bot answers when it is mentioned."""
    _mark_channel(channel, workspace, "")
    print_line(f"{channel} is no help channel any more.")


@channels_app.command("quiet")
def quiet_channel(channel: ChannelId, workspace: Workspace = "") -> None:
    """Keep the bot silent in a channel, also when it is mentioned; commands are answered. `unhelp` ends it."""
    _mark_channel(channel, workspace, "quiet")
    print_line(f"The bot is quiet in {channel} now.")


def _mark_channel(channel: str, workspace: str, kind: str) -> None:
    from bot.chat.message import Channel, ChannelKind
    from bot.errors import InputError

    async def mark_channel(application: Application) -> None:
        known = application.platforms.get(application.platforms.find_by_channel(channel))
        if known is None:
            raise InputError(f"{channel[:40]!r} is no channel's id: copy it from the channel's details or its link.")
        server = workspace or await known.platform.find_workspace(known.settings, channel)
        marked = Channel(known.platform.name, server, channel)
        action = f"channel {kind}" if kind else "channel unhelp"
        async with record_action(application, action, f"{marked.platform}:{marked.workspace}:{marked.channel}"):
            await application.inbox_store.mark_channel(marked, ChannelKind(kind) if kind else None)

    run_on_application(mark_channel)


COMMANDS = {"serve": serve_platforms, "mcp": serve_assistant}
