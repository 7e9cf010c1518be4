"""Where a handoff was asked for that has moved to a private conversation since."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_COLUMNS = tuple(f"asked_in_{name}" for name in ("platform", "workspace", "channel", "thread"))


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column("handoffs", sa.Column(name, sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_column("handoffs", name)
