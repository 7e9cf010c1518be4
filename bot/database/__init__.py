"""The database: SQLAlchemy tables, the engine, what faults mean, Alembic migrations."""
