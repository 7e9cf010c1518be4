"""What an operator can set: one frozen Settings, read once from the environment and `.env`; see `.env.example`. Each
chat platform has a section of its own in its folder.

Each key is FRONTDESK_<NAME>, but for the chat platforms' secrets, which have the names people know.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from bot.masking import KINDS
from bot.sections import Section, load_section

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?", re.IGNORECASE)
DEFAULT_MODELS = ("all-MiniLM-L6-v2", "multilingual-e5-small")


class Settings(Section):
    """Everything that is no platform's own."""

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
    crawl_document_mib: float = Field(30, gt=0, le=100)
    crawl_contact: str = ""
    browser: str = ""
    intercom_token: SecretStr = SecretStr("")

    # index
    embedding_model: str = ""
    embedding_query_prefix: str = ""
    embedding_document_prefix: str = ""
    embedding_onnx: bool = True
    reranker: str = ""
    rerank_top: int = Field(20, ge=2, le=200)
    entailment_model: str = ""
    hnsw_from: int = Field(50_000, ge=1)
    keep_versions: int = Field(5, ge=1)
    max_vanish: float = Field(0.3, ge=0, le=1)
    min_coverage: float = Field(0.8, ge=0, le=1)
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
    first_line_seconds: float = Field(6, gt=0)
    vllm_concurrency: int = Field(32, ge=1)
    vllm_pictures: bool = True
    drafts_per_refresh: int = Field(10, ge=0, le=200)
    judge_contradictions: bool = False
    wordings_per_refresh: int = Field(0, ge=0)
    vllm_judge: bool = False
    vllm_followups: bool = False

    # the inbox
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
    insights_quiet_hours: float = Field(24, gt=0, le=720)

    # privacy
    mask: Annotated[tuple[str, ...], NoDecode] = KINDS
    retention_days: int = Field(0, ge=0)

    # the web server
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    api: bool = False
    api_per_minute: int = Field(120, ge=0)
    mcp: bool = False
    mcp_hosts: Annotated[tuple[str, ...], NoDecode] = ()

    # the console
    console: bool = False
    console_url: str = ""
    console_port: int = Field(8430, ge=0, le=65535)
    console_hours: float = Field(12, gt=0, le=720)
    console_openid_issuer: str = ""
    console_openid_id: str = ""
    console_openid_secret: SecretStr = SecretStr("")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"

    @field_validator("crawl_allow", "vllm_url", "mask", "mcp_hosts", mode="before")
    @classmethod
    def _split_list(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("crawl_allow")
    @classmethod
    def _check_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for cidr in value:
            ipaddress.ip_network(cidr, strict=False)
        return value

    @field_validator("mcp_hosts")
    @classmethod
    def _check_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [host for host in value if not _HOST.fullmatch(host)]:
            raise ValueError(f"{wrong[0]!r} is no host: bot.example.com or bot.example.com:8443, separated by commas")
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

    @field_validator("console_url", "console_openid_issuer")
    @classmethod
    def _check_web_url(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("a URL that begins with https:// or http:// is needed")
        return value.rstrip("/")

    @field_validator("embedding_query_prefix", "embedding_document_prefix")
    @classmethod
    def _restore_space(cls, value: str) -> str:
        return f"{value} " if value.endswith(":") else value  # .env files lose the space at the end of a line

    @field_validator("data_dir", "golden_questions")
    @classmethod
    def _make_absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().absolute() if value else None

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
    return load_section(Settings, **overrides)
