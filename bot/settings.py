"""One frozen Settings, read once from the environment and `.env`; see `.env.example`.

Each key is FRONTDESK_<NAME>, but for the chat platforms' secrets, which have the names people know.
"""

from __future__ import annotations

import ipaddress
import os
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import platformdirs
import structlog
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import SettingsError
from bot.masking import KINDS

DEFAULT_MODELS = ("all-MiniLM-L6-v2", "multilingual-e5-small")

_NEARLY = 0.9  # of two names' letters: from there on one is taken for the other misspelt
_PLAINLY = {
    "string_pattern_mismatch": "that is no id of a channel",
    "bool_parsing": "true or false is needed",
}


class Settings(BaseSettings):
    """Everything an operator can set. Construct through `load_settings`, which turns faults into one clear line."""

    model_config = SettingsConfigDict(
        env_prefix="FRONTDESK_",
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
        populate_by_name=True,
    )

    data_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("frontdesk")))
    database_url: str = ""

    # crawl
    crawl_allow: Annotated[tuple[str, ...], NoDecode] = ()
    crawl_delay: float = Field(0.25, ge=0)
    crawl_concurrency: int = Field(4, ge=1, le=32)
    crawl_max_pages: int = Field(2000, ge=1)
    crawl_max_depth: int = Field(10, ge=0)
    crawl_page_timeout: float = Field(30, gt=0)
    crawl_max_seconds: float = Field(3600, gt=0)
    crawl_contact: str = ""

    # index
    embedding_model: str = ""
    embedding_query_prefix: str = ""
    embedding_document_prefix: str = ""
    embedding_onnx: bool = True
    reranker: str = ""
    rerank_top: int = Field(20, ge=2, le=200)
    hnsw_from: int = Field(50_000, ge=1)
    keep_versions: int = Field(5, ge=1)
    max_vanish: float = Field(0.3, ge=0, le=1)
    golden_questions: Path | None = None
    golden_may_lose: int = Field(0, ge=0)

    # answers
    answer_threshold: float | None = Field(None, ge=0, le=1)
    suggest_threshold: float | None = Field(None, ge=0, le=1)

    learn_from: int = Field(2, ge=0, le=100)

    # generation
    vllm_url: Annotated[tuple[str, ...], NoDecode] = ()
    vllm_model: str = ""
    vllm_api_key: SecretStr = SecretStr("")
    vllm_seconds: float = Field(60, gt=0)
    vllm_concurrency: int = Field(32, ge=1)
    vllm_pictures: bool = True

    # the desk
    workers: int = Field(8, ge=1, le=256)
    answer_seconds: float = Field(120, gt=0)
    queue_limit: int = Field(5000, ge=1)
    queue_per_user: int = Field(20, ge=1)
    user_budget: int = Field(120, ge=0)
    workspace_budget: int = Field(0, ge=0)
    lease_seconds: float = Field(15, ge=1)
    drain_seconds: float = Field(20, ge=0)

    # people
    handoff_on_abstention: bool = False
    handoff_remind_minutes: float = Field(15, gt=0)
    handoff_note: str = ""
    gaps_weekly: bool = False

    # privacy
    mask: Annotated[tuple[str, ...], NoDecode] = KINDS
    retention_days: int = Field(0, ge=0)

    # the web server
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)

    # slack
    slack_bot_token: SecretStr = Field(SecretStr(""), validation_alias="SLACK_BOT_TOKEN")
    slack_app_token: SecretStr = Field(SecretStr(""), validation_alias="SLACK_APP_TOKEN")
    slack_signing_secret: SecretStr = Field(SecretStr(""), validation_alias="SLACK_SIGNING_SECRET")
    slack_mode: Literal["socket", "http"] = "socket"
    slack_api_url: str = "https://slack.com/api/"
    slack_support_channel: str = Field("", pattern=r"^([CG][A-Z0-9]+)?$")
    slack_admin_channel: str = Field("", pattern=r"^([CG][A-Z0-9]+)?$")

    # discord
    discord_token: SecretStr = Field(SecretStr(""), validation_alias="DISCORD_TOKEN")
    discord_api_url: str = "https://discord.com/api/v10"
    discord_gateway_url: str = "wss://gateway.discord.gg/"
    discord_support_channel: str = Field("", pattern=r"^\d*$")
    discord_admin_channel: str = Field("", pattern=r"^\d*$")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"

    @field_validator("crawl_allow", "vllm_url", "mask", mode="before")
    @classmethod
    def _split_list(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("crawl_allow")
    @classmethod
    def _check_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for cidr in value:
            ipaddress.ip_network(cidr, strict=False)
        return value

    @field_validator("mask")
    @classmethod
    def _check_kinds(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value == ("none",):
            return ()
        if unknown := [kind for kind in value if kind not in KINDS]:
            raise ValueError(f"{unknown[0]!r} is none of {', '.join(KINDS)}; none masks nothing")
        return value

    @field_validator("mask", mode="before")
    @classmethod
    def _blank_is_unset(cls, value: Any) -> Any:
        """A blank is no way to say that nothing is masked: "none" is."""
        return KINDS if isinstance(value, str) and not value.strip(" ,\t") else value

    @field_validator("vllm_url")
    @classmethod
    def _check_server_urls(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for url in value:
            parts = urlsplit(url)
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise ValueError("URLs that begin with http:// or https:// are needed, separated by commas")
            if parts.username or parts.password:
                raise ValueError("a URL must hold no password, which logs would show: use FRONTDESK_VLLM_API_KEY")
        return value

    @field_validator("embedding_query_prefix", "embedding_document_prefix")
    @classmethod
    def _restore_space(cls, value: str) -> str:
        return f"{value} " if value.endswith(":") else value  # .env files lose the space at the end of a line

    @field_validator("data_dir", "golden_questions")
    @classmethod
    def _make_absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().absolute() if value else None

    @field_validator("discord_gateway_url")
    @classmethod
    def _check_web_socket_url(cls, value: str) -> str:
        if not value.startswith(("wss://", "ws://")):
            raise ValueError("a URL that begins with wss:// or ws:// is needed")
        return value

    @field_validator("slack_api_url", "discord_api_url")
    @classmethod
    def _normalise_http_url(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")):
            raise ValueError("a URL that begins with https:// or http:// is needed")
        return value.rstrip("/") + "/"

    @classmethod
    def environment_variables(cls) -> tuple[str, ...]:
        """The environment variables' names, in order."""
        aliases = {name: item.validation_alias for name, item in cls.model_fields.items()}
        return tuple(str(alias or f"FRONTDESK_{name.upper()}") for name, alias in aliases.items())

    @property
    def embedding_models(self) -> tuple[str, ...]:
        """The names or folders of the embedding models, in order: those set, else the packaged ones."""
        names = tuple(name.strip() for name in self.embedding_model.split(",") if name.strip())
        return names or DEFAULT_MODELS

    @property
    def resolved_workers(self) -> int:
        """Answers at once: those set, else as many as the vLLM servers may be asked for, which is where they wait."""
        if "workers" in self.model_fields_set or not self.vllm_url:
            return self.workers
        return max(self.workers, self.vllm_concurrency)

    @property
    def resolved_database_url(self) -> str:
        """The database URL in use: the one set, else a SQLite file in the data folder."""
        return self.database_url or f"sqlite:///{self.data_dir / 'frontdesk.db'}"


def load_settings(**overrides: Any) -> Settings:
    """Read the settings. Raises SettingsError naming the key, what was wrong with it and how to mend it."""
    _warn_of_misspelt(tuple(sorted(name for name in os.environ if name.startswith("FRONTDESK_"))))
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name, keys = str(first["loc"][0]).upper(), Settings.environment_variables()
        key = name if name in keys else f"FRONTDESK_{name}"
        reason = _PLAINLY.get(first["type"], first["msg"].removeprefix("Value error, "))
        raise SettingsError(f"{key} cannot be read: {reason}. See .env.example for what it takes.") from error


@cache
def _warn_of_misspelt(names: tuple[str, ...]) -> None:
    """Say once of variables that are no setting and nearly one. Others may be somebody else's."""
    keys = sorted(Settings.environment_variables())
    for name in names:
        if name not in keys and (near := get_close_matches(name, keys, n=1, cutoff=_NEARLY)):
            structlog.get_logger(__name__).warning(f"{name} is no setting and is ignored: did you mean {near[0]}?")
