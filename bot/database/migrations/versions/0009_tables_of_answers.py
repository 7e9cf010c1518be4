"""Other wordings of a taught question; a source whose pages are read although they ask not to be indexed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("taught", sa.Column("wordings", sa.Text(), nullable=False, server_default=""))
    op.add_column("sources", sa.Column("read_noindex", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("sources", "read_noindex")
    op.drop_column("taught", "wordings")
