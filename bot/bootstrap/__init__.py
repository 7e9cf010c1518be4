"""The composition root. The only place that names concrete parts."""

from bot.bootstrap.application import Application, open_application
from bot.bootstrap.operators import (
    check_discord,
    check_slack,
    check_vllm,
    discord_guild,
    discord_invitation,
    slack_app_manifest,
    slack_team,
)
from bot.bootstrap.parts import (
    configure_logging,
    crawler_for,
    discord_config,
    embedder_for,
    evaluate_files,
    explanation,
    generator_for,
    read_page,
    slack_config,
    version_store,
)
from bot.bootstrap.serving import serve_application

__all__ = [
    "Application",
    "check_discord",
    "check_slack",
    "check_vllm",
    "configure_logging",
    "crawler_for",
    "discord_config",
    "discord_guild",
    "discord_invitation",
    "embedder_for",
    "evaluate_files",
    "explanation",
    "generator_for",
    "open_application",
    "read_page",
    "serve_application",
    "slack_app_manifest",
    "slack_config",
    "slack_team",
    "version_store",
]
