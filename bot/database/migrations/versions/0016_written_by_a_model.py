"""What a language model writes for people to look at: wordings of entries, drafts for gaps, verdicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_VERDICT = ("verdict", "verdict_by", "phrase_one", "phrase_other")


def upgrade() -> None:
    op.create_table(
        "wordings",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("entry_id", sa.String(20), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wordings")),
    )
    op.create_index(op.f("ix_wordings_entry_id"), "wordings", ["entry_id"])
    op.create_table(
        "worded_entries",
        sa.Column("entry_id", sa.String(20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_worded_entries")),
    )
    op.create_table(
        "gap_drafts",
        sa.Column("turn_id", sa.String(32), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("missing", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], op.f("fk_gap_drafts_turn_id_turns"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("turn_id", name=op.f("pk_gap_drafts")),
    )
    for name in _VERDICT:
        op.add_column("contradictions", sa.Column(name, sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    for name in reversed(_VERDICT):
        op.drop_column("contradictions", name)
    op.drop_table("gap_drafts")
    op.drop_table("worded_entries")
    op.drop_table("wordings")
