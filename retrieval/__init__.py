"""Pages -> documents -> a versioned index -> ranked passages. Knows no chat, no SQL, no language model."""
