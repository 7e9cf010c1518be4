"""Embedding and reranking models: their weights, their exports, and what runs them."""
