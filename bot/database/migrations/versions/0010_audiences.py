"""Whom sources and taught answers are for, and what of it an answer was made with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ADDED = (("turns", "granted"), ("turn_passages", "audience"), ("taught", "audience"))


def upgrade() -> None:
    op.create_table(
        "source_audiences",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_source_audiences")),
    )
    for table, column in _ADDED:
        op.add_column(table, sa.Column(column, sa.JSON()))


def downgrade() -> None:
    for table, column in _ADDED:
        op.drop_column(table, column)
    op.drop_table("source_audiences")
