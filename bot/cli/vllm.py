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
    copies: Annotated[int, typer.Option(min=1, help="Copies of the model behind one port, each on its own GPUs.")] = 1,
    speculate: Annotated[
        bool, typer.Option("--speculate", help="Guess words from the prompt: faster as long as few ask at once.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the command, start nothing.")] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Show which model fits the GPU and what to expect, start nothing.")
    ] = False,
    card: Annotated[
        str, typer.Option(help="Plan for another GPU than this machine's: L4, H100, or its memory in GiB.")
    ] = "",
) -> None:
    """Start a vLLM server, whose model writes the answers. It takes this process over."""
    from bot.errors import BotError
    from bot.settings import load_settings
    from inference.errors import GeneratorError
    from inference.server import DEFAULT_MODEL, SERVE, VllmOptions, launch_server, vllm_command, vllm_program

    settings = load_settings()
    model, flags = _separate_flags(model, extra or [])
    if plan or card:
        _print_plan(model, card, gpus)
        return
    options = VllmOptions(
        model=model or settings.vllm_model or DEFAULT_MODEL,
        host=host,
        port=port,
        gpus=gpus,
        copies=copies,
        context=context,
        served_as=served_model_name,
        speculate=speculate,
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


def _print_plan(model: str, card: str, gpus: int) -> None:
    """A table of what fits and what to expect. Raises InputError for what is not known, BotError where no GPU is."""
    from bot.cli.output import make_console, make_table
    from bot.errors import BotError, InputError
    from inference.plan import (
        ANSWER_TOKENS,
        MODELS,
        PROMPT_TOKENS,
        UTILISATION,
        WORTH_HAVING,
        PlanningError,
        choose_model,
        detect_cards,
        estimate_performance,
        find_card,
        measure_model,
    )

    try:
        one = find_card(card) if card else None
        sizes = (measure_model(model),) if model else MODELS
    except PlanningError as error:
        raise InputError(str(error)) from error
    try:
        one = one or detect_cards()[0]
    except PlanningError as error:
        raise BotError(str(error)) from error
    expected = [estimate_performance(size, one, gpus) for size in sizes]
    rows = [
        (
            each.model.name.rpartition("/")[2],
            {True: "yes", False: "no", None: "–"}[each.model.chinese],
            f"{each.model.weights / 2**30:.0f} GiB",
            each.at_once or "too large",
            "–" if each.first is None else f"{each.first:.2f} s",
            "–" if each.answers is None else f"{each.answers:.1f}",
        )
        for each in expected
    ]
    of = f"{gpus} × {one.name}" if gpus > 1 else one.name
    columns = ("Model", "Chinese", ">Weights", ">At once", ">First token", ">Answers/s")
    console = make_console()
    console.print(make_table(f"{of}, {one.memory:.0f} GiB", columns, rows))
    console.print(
        f"Computed, not measured: prompts of {PROMPT_TOKENS:,} tokens, answers of {ANSWER_TOKENS}, "
        f"{UTILISATION:.0%} of the data sheet's speed. The first token is that of one question alone; answers/s are "
        "those of as many at once as fit. To measure: python -m benchmarks.run generation"
    )
    if not one.bandwidth:
        console.print("How fast this card is is not known: only what fits is shown.")
    if best := choose_model(expected):
        flag = f" --gpus {gpus}" if gpus > 1 else ""
        of = "It has" if model else "The largest in English and Chinese with"
        console.print(f"{of} room for {WORTH_HAVING} questions at once:")
        console.print(f"  frontdesk vllm {best.name}{flag}", soft_wrap=True)
    else:
        console.print(
            f"Too little room for {WORTH_HAVING} questions at once: take a smaller model, or more GPUs (--gpus 2)."
        )


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
