"""Which entry some words mean, by what customers chose, confirmed and voted for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "learned",
        sa.Column("wording_id", sa.String(20), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("words", sa.String(20), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("passage_id", sa.Text(), nullable=False),
        sa.Column("gesture", sa.Text(), nullable=False),
        sa.Column("asked_id", sa.String(32), nullable=False),
        sa.Column("turn_id", sa.String(32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asked_id"], ["turns.id"], op.f("fk_learned_asked_id_turns"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], op.f("fk_learned_turn_id_turns"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("wording_id", "platform", "user_id", name=op.f("pk_learned")),
    )
    for columns in (["words"], ["platform", "user_id", "created_at"], ["asked_id"], ["turn_id"], ["created_at"]):
        op.create_index(op.f(f"ix_learned_{'_'.join(columns)}"), "learned", columns)
    op.create_table(
        "unlearned",
        sa.Column("wording_id", sa.String(20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("wording_id", name=op.f("pk_unlearned")),
    )


def downgrade() -> None:
    op.drop_table("unlearned")
    op.drop_table("learned")
