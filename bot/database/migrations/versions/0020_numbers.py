"""What the numbers are counted from (thanks, waits, sources, whether a person helped), and indexes to count it by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_COUNTED = ["created_at", "id", "decision", "asked_on_at", "language", "platform", "small_talk", "waited_ms"]
_TEXTS = ("small_talk", "channel", "source", "page")
_ASKED_ON = """
UPDATE turns SET asked_on_at = later.at FROM (
    SELECT id, lead(created_at) OVER (PARTITION BY conversation_id ORDER BY created_at, id) AS at
    FROM turns WHERE decision <> 'chitchat'
) AS later WHERE later.id = turns.id AND later.at IS NOT NULL
"""
_PAGE = """
UPDATE turns SET page = first.url FROM turn_passages AS first
WHERE first.turn_id = turns.id AND first.rank = 1 AND turns.decision IN ('answer', 'suggest')
"""
_CHANNEL = "UPDATE turns SET channel = inbox.channel FROM inbox WHERE inbox.turn_id = turns.id"


def upgrade() -> None:
    for name in _TEXTS:
        op.add_column("turns", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.add_column("turns", sa.Column("waited_ms", sa.Double()))
    op.add_column("turns", sa.Column("asked_on_at", sa.DateTime(timezone=True)))
    op.add_column("turn_passages", sa.Column("source", sa.Text(), server_default="", nullable=False))
    op.add_column("handoffs", sa.Column("helped_asked_at", sa.DateTime(timezone=True)))
    op.add_column("handoffs", sa.Column("helped", sa.Boolean()))
    op.create_index(op.f("ix_inbox_turn_id"), "inbox", ["turn_id"])
    total = "json_extract(timings_ms, '$.total')"
    if op.get_bind().dialect.name == "postgresql":
        total = "CAST(timings_ms ->> 'total' AS DOUBLE PRECISION)"
    for statement in (f"UPDATE turns SET waited_ms = {total}", _ASKED_ON, _PAGE, _CHANNEL):  # noqa: S608
        op.execute(statement)
    op.drop_index(op.f("ix_turns_created_at"), "turns")
    op.create_index("ix_turns_counted", "turns", _COUNTED)
    op.create_index(op.f("ix_handoffs_turn_id"), "handoffs", ["turn_id"])
    op.create_index(op.f("ix_handoffs_created_at"), "handoffs", ["created_at"])
    op.create_index(op.f("ix_handoffs_conversation_id"), "handoffs", ["conversation_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_handoffs_conversation_id"), "handoffs")
    op.drop_index(op.f("ix_handoffs_created_at"), "handoffs")
    op.drop_index(op.f("ix_handoffs_turn_id"), "handoffs")
    op.drop_index("ix_turns_counted", "turns")
    op.create_index(op.f("ix_turns_created_at"), "turns", ["created_at"])
    op.drop_index(op.f("ix_inbox_turn_id"), "inbox")
    op.drop_column("handoffs", "helped")
    op.drop_column("handoffs", "helped_asked_at")
    op.drop_column("turn_passages", "source")
    for name in ("asked_on_at", "waited_ms", *reversed(_TEXTS)):
        op.drop_column("turns", name)
