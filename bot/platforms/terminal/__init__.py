"""Frontdesk in a terminal."""
