"""What an operator sets for Discord."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from bot.errors import SettingsError
from bot.sections import ApiUrl, TeamPlatformSettings

DISCORD = "https://discord.com/api/v10/"
GATEWAY = "wss://gateway.discord.gg/"
_CHANNEL = r"^\d*$"


class DiscordSettings(TeamPlatformSettings):
    """The token, and the team's channels. Whoever sees either channel is a teammate."""

    model_config = SettingsConfigDict(env_prefix="FRONTDESK_DISCORD_")

    token: SecretStr = Field(SecretStr(""), validation_alias="DISCORD_TOKEN")
    api_url: ApiUrl = DISCORD
    gateway_url: str = GATEWAY
    support_channel: str = Field("", pattern=_CHANNEL)
    admin_channel: str = Field("", pattern=_CHANNEL)

    @field_validator("gateway_url")
    @classmethod
    def _check_web_socket_url(cls, value: str) -> str:
        if not value.startswith(("wss://", "ws://")):
            raise ValueError("a URL that begins with wss:// or ws:// is needed")
        return value

    @property
    def is_configured(self) -> bool:
        """Whether there is a token."""
        return bool(self.token.get_secret_value())

    @property
    def team_channels(self) -> tuple[str, str]:
        """The support and the admin channel, "" for one that is not set."""
        return self.support_channel, self.admin_channel

    def check_complete(self) -> None:
        """Raises SettingsError without a token."""
        if not self.is_configured:
            raise SettingsError("DISCORD_TOKEN is missing: copy it from the Bot page of your application.")
