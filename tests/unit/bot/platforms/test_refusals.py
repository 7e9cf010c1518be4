"""Which kind each refusal is that the platforms document."""

from __future__ import annotations

from bot.errors import Refusal
from bot.platforms.discord.api_errors import kind_of as discord_kind
from bot.platforms.slack.api_errors import kind_of as slack_kind


def test_every_documented_code_has_its_kind() -> None:
    slack = {
        Refusal.FORM: "invalid_blocks invalid_blocks_format msg_too_long markdown_text_conflict no_text",
        Refusal.MOMENT: "ratelimited internal_error fatal_error service_unavailable request_timeout",
        Refusal.PLACE: "is_archived channel_not_found not_in_channel restricted_action restricted_action_thread_locked "
        "thread_not_found message_not_found cant_update_message edit_window_closed user_not_found",
        Refusal.BOT: "account_inactive ekm_access_denied enterprise_is_restricted invalid_auth message_limit_exceeded "
        "missing_scope not_allowed_token_type org_login_required team_access_not_granted team_added_to_org "
        "token_expired token_revoked",
    }
    for kind, codes in slack.items():
        assert {code: slack_kind(code) for code in codes.split()} == dict.fromkeys(codes.split(), kind)
    discord = {
        Refusal.FORM: [(400, 50035), (400, 50006), (413, 40005)],
        Refusal.MOMENT: [(500, 0), (503, 0), (429, 0), (400, 40058), (403, 40333), (400, 130000), (400, 40062)],
        Refusal.PLACE: [
            *((403, code) for code in (50001, 50013, 50083, 50024, 160002, 160005, 50007)),
            *((404, code) for code in (10003, 10008)),
            (400, 160004),
            (400, 160006),
            (400, 200000),
        ],
        Refusal.BOT: [(401, 0), (401, 40001)],
    }
    for kind, refusals in discord.items():
        assert {refusal: discord_kind(*refusal) for refusal in refusals} == dict.fromkeys(refusals, kind)
