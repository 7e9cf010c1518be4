"""Slack: its events -> the inbox; answers -> Slack's best form."""
