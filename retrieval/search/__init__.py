"""A query becomes ranked passages and a confidence, on whatever index version is active."""
