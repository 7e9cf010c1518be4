"""What the numbers are counted from: thanks, waits and sources, and indexes by which 200,000 turns are counted fast."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0017"
branch_labels = None
depends_on = None

_COUNTED = ["created_at", "id", "conversation_id", "decision", "language", "platform", "small_talk", "waited_ms"]


def upgrade() -> None:
    op.add_column("turns", sa.Column("small_talk", sa.Text(), server_default="", nullable=False))
    op.add_column("turns", sa.Column("waited_ms", sa.Double()))
    op.add_column("turn_passages", sa.Column("source", sa.Text(), server_default="", nullable=False))
    total = "json_extract(timings_ms, '$.total')"
    if op.get_bind().dialect.name == "postgresql":
        total = "CAST(timings_ms ->> 'total' AS DOUBLE PRECISION)"
    op.execute(f"UPDATE turns SET waited_ms = {total}")  # noqa: S608 (nothing of it comes from outside)
    op.drop_index(op.f("ix_turns_created_at"), "turns")
    op.create_index("ix_turns_counted", "turns", _COUNTED)
    op.create_index(op.f("ix_inbox_turn_id"), "inbox", ["turn_id"])
    op.create_index(op.f("ix_handoffs_turn_id"), "handoffs", ["turn_id"])
    op.create_index(op.f("ix_handoffs_created_at"), "handoffs", ["created_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_handoffs_created_at"), "handoffs")
    op.drop_index(op.f("ix_handoffs_turn_id"), "handoffs")
    op.drop_index(op.f("ix_inbox_turn_id"), "inbox")
    op.drop_index("ix_turns_counted", "turns")
    op.create_index(op.f("ix_turns_created_at"), "turns", ["created_at"])
    op.drop_column("turn_passages", "source")
    op.drop_column("turns", "waited_ms")
    op.drop_column("turns", "small_talk")
