"""The HTTP API, `/api/v1`: questions, passages, votes, sources, refreshes and numbers, for whoever has a key."""
