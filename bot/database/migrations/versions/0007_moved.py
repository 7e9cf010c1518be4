"""Where a message is answered that its own place takes no answer to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbox", sa.Column("moved", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("inbox", "moved")
