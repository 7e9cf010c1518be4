"""What a message's writing is called, by which it is known under another id."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_INDEX = "ix_inbox_platform_workspace_channel_user_id_gesture"


def upgrade() -> None:
    op.add_column("inbox", sa.Column("gesture", sa.Text(), nullable=True))
    op.create_index(op.f(_INDEX), "inbox", ["platform", "workspace", "channel", "user_id", "gesture"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f(_INDEX), "inbox")
    op.drop_column("inbox", "gesture")
