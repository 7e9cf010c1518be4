"""Forgetting: what a person said on demand, what everybody said after a while."""
