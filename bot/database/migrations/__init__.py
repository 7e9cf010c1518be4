"""Alembic's migrations, one file a step in `versions/`.

`alembic revision --autogenerate --rev-id 0002 -m "…"` drafts the next from `tables.py`. Then read it, `ruff format` it
and set `bot.database.schema.HEAD` to it; the tests compare the three.
"""
