"""What admins say of gaps; and what the log of conversations is searched by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_QUESTIONS = "gap_mark_questions"


def upgrade() -> None:
    op.create_table(
        "gap_marks",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("dismissed", sa.Boolean(), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=False),
        sa.Column("marked_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gap_marks")),
    )
    op.create_table(
        _QUESTIONS,
        sa.Column("mark_id", sa.String(32), nullable=False),
        sa.Column("turn_id", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(
            ["mark_id"], ["gap_marks.id"], op.f("fk_gap_mark_questions_mark_id_gap_marks"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["turn_id"], ["turns.id"], op.f("fk_gap_mark_questions_turn_id_turns"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mark_id", "turn_id", name=op.f("pk_gap_mark_questions")),
    )
    op.create_index(op.f("ix_gap_mark_questions_turn_id"), _QUESTIONS, ["turn_id"])
    op.create_index(op.f("ix_turns_user_id_created_at"), "turns", ["user_id", "created_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_turns_user_id_created_at"), "turns")
    op.drop_table(_QUESTIONS)
    op.drop_table("gap_marks")
