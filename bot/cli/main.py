"""The `frontdesk` command: registers the commands and turns faults into one clear line and an exit code."""

from __future__ import annotations

import gc
import os
import sys
from typing import Annotated

import typer

from bot.cli import (
    admin,
    answers,
    console,
    crawl,
    freshness,
    glossary,
    history,
    keys,
    learned,
    measure,
    privacy,
    serve,
    sources,
    system,
    taught,
    vllm,
    wordings,
)
from bot.cli.commands import ListingGroup, add_commands
from bot.features import COMMANDS

_INTERRUPTED = 130
_GARBAGE = 50_000  # new objects before a search for cycles; what `ask` loads would set off hundreds of searches

app = typer.Typer(
    name="frontdesk",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
GROUPS = {
    "sources": (sources.sources_app, "The websites, pages and folders Frontdesk knows."),
    "taught": (taught.taught_app, "The answers that people taught."),
    "gaps": (typer.Typer(cls=ListingGroup), "What people asked and was not answered well."),
    "glossary": (glossary.glossary_app, "Terms that mean the same."),
    "contradictions": (typer.Typer(no_args_is_help=True), "Entries that contradict each other."),
    "learned": (typer.Typer(no_args_is_help=True), "Which entries customers showed that their words mean."),
    "wordings": (typer.Typer(no_args_is_help=True), "What a model wrote that customers might ask."),
    "admins": (typer.Typer(no_args_is_help=True), "Who may steer Frontdesk from Slack and Discord."),
    "keys": (typer.Typer(no_args_is_help=True), "Who may call the HTTP API."),
    "log": (history.log_app, "The conversations: list, show, export."),
    "slack": (serve.slack_app, "Set Frontdesk up in a Slack workspace."),
    "discord": (serve.discord_app, "Set Frontdesk up in a Discord server."),
    "channels": (serve.channels_app, "The channels where every new question is answered."),
}
for module in (crawl, answers):
    for name, command in module.COMMANDS.items():
        app.command(name)(command)
add_commands(
    app,
    {name: group for name, (group, _) in GROUPS.items()},
    COMMANDS,
    {
        name: form
        for module in (
            admin,
            crawl,
            freshness,
            glossary,
            history,
            keys,
            learned,
            privacy,
            sources,
            system,
            taught,
            wordings,
        )
        for name, form in module.FORMS.items()
    },
    {"recrawl": "refresh"},
)
for module in (privacy, serve, console, vllm, measure, system):
    for name, command in module.COMMANDS.items():
        app.command(name)(command)
for name, (group, text) in GROUPS.items():
    app.add_typer(group, name=name, help=text)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"frontdesk {version('frontdesk')}")
        raise typer.Exit


@app.callback()
def accept_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Answers customers' questions from your own FAQ pages, with citations, or honestly says that it cannot."""


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 a fault, 2 a wrong argument, 130 interrupted."""
    gc.set_threshold(_GARBAGE)
    try:
        app()
    except SystemExit as ended:
        if ended.code == _INTERRUPTED:  # which is what typer makes of a KeyboardInterrupt
            typer.echo("frontdesk: interrupted.", err=True)
        raise
    except BrokenPipeError:  # the reader (head, less) has gone: nothing more to say to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        sys.exit(_report_fault(error))


def _report_fault(error: Exception) -> int:
    from bot.errors import (
        BotError,
        DuplicateSource,
        InputError,
        SettingsError,
        UnknownContradiction,
        UnknownGap,
        UnknownSource,
        UnknownTaught,
    )
    from retrieval.errors import RetrievalError

    if isinstance(error, (BotError, RetrievalError)):
        from retrieval.text.cleaning import without_controls

        typer.echo(f"frontdesk: {' '.join(without_controls(str(error)).split())}", err=True)
        unknown = (UnknownContradiction, UnknownGap, UnknownSource, UnknownTaught)
        wrong = (InputError, SettingsError, DuplicateSource, *unknown)
        return 2 if isinstance(error, wrong) else 1
    import structlog

    from bot.runtime.faults import make_fault_id

    fault = make_fault_id()
    if os.environ.get("FRONTDESK_LOG_LEVEL", "").upper() == "DEBUG":
        structlog.get_logger(__name__).exception("internal error", fault=fault)
    typer.echo(
        f"frontdesk: internal error {fault} ({type(error).__name__}): this is a bug. "
        "Run it again with FRONTDESK_LOG_LEVEL=DEBUG to see where.",
        err=True,
    )
    return 1


if __name__ == "__main__":
    main()
