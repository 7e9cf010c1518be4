"""Finds the passage that carries a written sentence: by its words, grammar and embedding, or by an entailment model."""
