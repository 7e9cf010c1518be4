"""The composition root. The only place that names concrete parts."""

from bot.app.application import Application, open_application
from bot.app.factories import (
    configure_logging,
    crawler_for,
    embedding_models_for,
    evaluate_files,
    explanation,
    generator_for,
    load_coverage,
    own_fit_of,
    read_page,
    reranking_for,
    version_store,
)
from bot.app.fit import fit_on_golden, keep_own_fit
from bot.app.measurement import Side, ask_golden, settings_with
from bot.app.operators import (
    check_vllm,
    discord_invitation,
    slack_app_manifest,
)
from bot.app.serve import hold_chat, serve_application, serve_mcp

__all__ = [
    "Application",
    "Side",
    "ask_golden",
    "check_vllm",
    "configure_logging",
    "crawler_for",
    "discord_invitation",
    "embedding_models_for",
    "evaluate_files",
    "explanation",
    "fit_on_golden",
    "generator_for",
    "hold_chat",
    "keep_own_fit",
    "load_coverage",
    "open_application",
    "own_fit_of",
    "read_page",
    "reranking_for",
    "serve_application",
    "serve_mcp",
    "settings_with",
    "slack_app_manifest",
    "version_store",
]
