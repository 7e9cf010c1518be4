"""What is shown on platforms that have no server of their own to keep it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "posted_messages",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("platform", "channel", "name", name=op.f("pk_posted_messages")),
    )
    op.create_index(op.f("ix_posted_messages_platform_user_id"), "posted_messages", ["platform", "user_id"])
    op.create_index(op.f("ix_posted_messages_created_at"), "posted_messages", ["created_at"])


def downgrade() -> None:
    op.drop_table("posted_messages")
