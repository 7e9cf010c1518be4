"""What an operator sets for Slack."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from bot.errors import SettingsError
from bot.sections import ApiUrl, TeamPlatformSettings

SLACK = "https://slack.com/api/"
_CHANNEL = r"^([CG][A-Z0-9]+)?$"


class SlackSettings(TeamPlatformSettings):
    """Tokens, how events come, and the team's channels."""

    model_config = SettingsConfigDict(env_prefix="FRONTDESK_SLACK_")

    bot_token: SecretStr = Field(SecretStr(""), validation_alias="SLACK_BOT_TOKEN")
    app_token: SecretStr = Field(SecretStr(""), validation_alias="SLACK_APP_TOKEN")
    signing_secret: SecretStr = Field(SecretStr(""), validation_alias="SLACK_SIGNING_SECRET")
    mode: Literal["socket", "http"] = "socket"
    api_url: ApiUrl = SLACK
    support_channel: str = Field("", pattern=_CHANNEL)
    admin_channel: str = Field("", pattern=_CHANNEL)

    @property
    def is_configured(self) -> bool:
        """Whether there is a bot token."""
        return bool(self.bot_token.get_secret_value())

    def check_complete(self) -> None:
        """Raises SettingsError without what the mode needs."""
        if self.mode == "socket" and not self.app_token.get_secret_value():
            raise SettingsError(
                "SLACK_APP_TOKEN is missing, which Socket Mode needs: set it, or use FRONTDESK_SLACK_MODE=http."
            )
        if self.mode == "http" and not self.signing_secret.get_secret_value():
            raise SettingsError("SLACK_SIGNING_SECRET is missing, without which no request can be trusted: set it.")
