"""Answers that people teach: proposed, approved, searched, reviewed."""
