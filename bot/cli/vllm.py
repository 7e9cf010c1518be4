"""The command that starts a vLLM server with the flags Frontdesk wants."""

from __future__ import annotations

import os
import shlex
from typing import Annotated

import typer


def launch_vllm(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="Its name or folder. Default: FRONTDESK_VLLM_MODEL.")
    ] = "",
    extra: Annotated[list[str] | None, typer.Argument(metavar="-- EXTRA", help="Further flags for vLLM.")] = None,
    host: Annotated[str, typer.Option(help="The address it listens on. Others than this machine need a key.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port it listens on.")] = 8000,
    gpus: Annotated[int, typer.Option(min=1, help="GPUs that hold the model between them.")] = 1,
    context: Annotated[int, typer.Option(min=1024, help="Tokens of one question, its passages and its answer.")] = 8192,
    served_model_name: Annotated[str, typer.Option(help="The model's name in requests. Default: its own.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the command, start nothing.")] = False,
) -> None:
    """Start a vLLM server, whose model writes the answers. It takes this process over."""
    from bot.errors import BotError
    from bot.settings import load_settings
    from inference.errors import GeneratorError
    from inference.server import DEFAULT_MODEL, SERVE, VllmOptions, launch_server, vllm_command, vllm_program

    settings = load_settings()
    model, flags = _separate_flags(model, extra or [])
    options = VllmOptions(
        model=model or settings.vllm_model or DEFAULT_MODEL,
        host=host,
        port=port,
        gpus=gpus,
        context=context,
        served_as=served_model_name,
        extra=flags,
    )
    try:
        program = vllm_program()
    except GeneratorError as error:
        if not dry_run:
            raise BotError(str(error)) from error
        program = SERVE
    command = vllm_command(options, program)
    typer.echo(shlex.join(command), err=not dry_run)
    if dry_run:
        return
    env = dict(os.environ)
    if key := settings.vllm_api_key.get_secret_value():
        env["VLLM_API_KEY"] = key
        typer.echo("# with VLLM_API_KEY set to FRONTDESK_VLLM_API_KEY", err=True)
    elif host not in {"127.0.0.1", "::1", "localhost"} and not env.get("VLLM_API_KEY"):
        typer.echo("# without a key: whoever reaches the port may use it. Set FRONTDESK_VLLM_API_KEY.", err=True)
    try:
        launch_server(command, env)
    except GeneratorError as error:
        raise BotError(str(error)) from error


def _separate_flags(model: str, extra: list[str]) -> tuple[str, tuple[str, ...]]:
    """-> the model and vLLM's flags: `frontdesk vllm -- --flag` names no model, but the flag takes its place."""
    from bot.errors import InputError

    if model.startswith("-"):
        model, extra = "", [model, *extra]
    if extra and not extra[0].startswith("-"):
        raise InputError(f"{extra[0]} is one argument too many: what is meant for vLLM stands behind `--`.")
    if any(flag.split("=")[0].replace("_", "-") == "--api-key" for flag in extra):
        raise InputError("--api-key would show in the list of processes: set FRONTDESK_VLLM_API_KEY instead.")
    return model, tuple(extra)


COMMANDS = {"vllm": launch_vllm}
