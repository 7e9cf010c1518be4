"""The database: SQLAlchemy tables, the stores that implement the core's ports, Alembic migrations."""
