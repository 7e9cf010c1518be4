"""What admins steer, handoffs and taught answers; whose message an inbox row is."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_PLACE = ("platform", "workspace", "channel", "thread")


def _columns() -> list[tuple[str, sa.Column[Any]]]:
    return [
        ("sources", sa.Column("paused", sa.Boolean(), nullable=False, server_default=sa.false())),
        ("sources", sa.Column("every_hours", sa.Double(), nullable=True)),
        ("sources", sa.Column("next_at", sa.DateTime(timezone=True), nullable=True)),
        ("sources", sa.Column("failures", sa.Integer(), nullable=False, server_default="0")),
        ("refresh_runs", sa.Column("asked_by", sa.Text(), nullable=False, server_default="")),
        ("refresh_runs", sa.Column("progress", sa.JSON(none_as_null=True), nullable=True)),
        ("refresh_runs", sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True)),
        ("refresh_runs", sa.Column("cancelled", sa.Boolean(), nullable=False, server_default=sa.false())),
        ("refresh_runs", sa.Column("watchers", sa.JSON(none_as_null=True), nullable=True)),
        ("turn_passages", sa.Column("author", sa.Text(), nullable=False, server_default="")),
        ("help_channels", sa.Column("kind", sa.Text(), nullable=False, server_default="help")),
        ("inbox", sa.Column("user_id", sa.Text(), nullable=False, server_default="")),
    ]


def upgrade() -> None:
    op.create_table(
        "admins",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("platform", "workspace", "user_id", name=op.f("pk_admins")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"])
    op.create_table(
        "handoffs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("turn_id", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        *(sa.Column(f"customer_{name}", sa.Text(), nullable=False) for name in _PLACE),
        sa.Column("customer_user", sa.Text(), nullable=False),
        sa.Column("customer_name", sa.Text(), nullable=False),
        *(sa.Column(f"support_{name}", sa.Text(), nullable=False) for name in _PLACE),
        sa.Column("claimed_by", sa.Text(), nullable=False),
        sa.Column("claimed_name", sa.Text(), nullable=False),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoffs")),
    )
    for side in ("customer", "support"):
        columns = [f"{side}_{name}" for name in _PLACE]
        op.create_index(op.f(f"ix_handoffs_{'_'.join(columns)}"), "handoffs", columns)
    op.create_index(op.f("ix_handoffs_state_remind_at"), "handoffs", ["state", "remind_at"])
    op.create_table(
        "handoff_messages",
        sa.Column("handoff_id", sa.String(32), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("handoff_id", "side", "message_id", name=op.f("pk_handoff_messages")),
        sa.ForeignKeyConstraint(
            ["handoff_id"], ["handoffs.id"], name=op.f("fk_handoff_messages_handoff_id_handoffs"), ondelete="CASCADE"
        ),
    )
    op.create_table(
        "taught",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("handoff_id", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taught")),
    )
    op.create_index(op.f("ix_taught_state"), "taught", ["state"])
    for table, column in _columns():
        op.add_column(table, column)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("UPDATE inbox SET user_id = coalesce(json_extract(message, '$.user'), '')")
    else:
        op.execute("UPDATE inbox SET user_id = coalesce(message ->> 'user', '')")
    op.create_index(op.f("ix_inbox_platform_user_id"), "inbox", ["platform", "user_id"])
    op.create_index(op.f("ix_turns_platform_user_id"), "turns", ["platform", "user_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_turns_platform_user_id"), "turns")
    op.drop_index(op.f("ix_inbox_platform_user_id"), "inbox")
    for table, column in _columns():
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column.name)
    for table in ("taught", "handoff_messages", "handoffs", "audit", "admins"):
        op.drop_table(table)
