"""Commands of the running service: serve, slack manifest, discord invite, channels."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.output import AsJson, print_json, print_table, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.bootstrap import Application
    from bot.messages import Channel

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


def serve() -> None:
    """Answer in every chat platform that has tokens, until stopped. Serves /healthz, /readyz and /metrics."""
    from bot.bootstrap import serve_application

    run(serve_application)


@slack_app.command("manifest")
def slack_manifest(
    name: Annotated[str, typer.Option(help="What the app is called in Slack.")] = "Frontdesk",
    url: Annotated[str, typer.Option(help="The web server's public URL: for signed HTTP, not Socket Mode.")] = "",
) -> None:
    """Print the app manifest to paste at https://api.slack.com/apps ("From a manifest")."""
    from bot.bootstrap import slack_app_manifest

    typer.echo(json.dumps(slack_app_manifest(name, url), indent=2))


@discord_app.command("invite")
def discord_invite() -> None:
    """Print the URL that adds the bot to a Discord server, with the permissions it needs and no others."""
    from bot.bootstrap import discord_invitation
    from bot.settings import load_settings

    typer.echo(asyncio.run(discord_invitation(load_settings())))


@channels_app.command("list")
def list_channels(as_json: AsJson = False) -> None:
    """List the help channels, where every new question is answered."""

    async def work(application: Application) -> Sequence[Channel]:
        return await application.inbox.help_channels()

    channels = run(work)
    if as_json:
        print_json(list(channels))
        return
    rows = [(channel.platform, channel.workspace, channel.channel) for channel in channels]
    print_table("Help channels", ["platform", "workspace", "channel"], rows, empty="No help channel is marked.")


@channels_app.command("help")
def help_channel(channel: ChannelId, workspace: Workspace = "") -> None:
    """Make a channel or forum a help channel: every new question in it is answered."""
    _mark(channel, workspace, help_channel=True)
    typer.echo(f"{channel} is a help channel now: invite the bot there.")


@channels_app.command("unhelp")
def ordinary_channel(channel: ChannelId, workspace: Workspace = "") -> None:
    """Make a help channel an ordinary one again, where the bot answers when it is mentioned."""
    _mark(channel, workspace, help_channel=False)
    typer.echo(f"{channel} is no help channel any more.")


def _mark(channel: str, workspace: str, *, help_channel: bool) -> None:
    from bot.bootstrap import discord_guild, slack_team
    from bot.messages import Channel

    async def work(application: Application) -> None:
        settings = application.settings
        if channel.isdecimal():
            server = workspace or await discord_guild(settings, channel)
            marked = Channel("discord", server, channel)
        else:
            marked = Channel("slack", workspace or await slack_team(settings), channel)
        await application.inbox.mark(marked, help_channel=help_channel)

    run(work)


COMMANDS = (serve,)
