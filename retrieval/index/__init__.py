"""Passages, embedding, versions on disk and the index over them."""
