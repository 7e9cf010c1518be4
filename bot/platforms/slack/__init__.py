"""Slack: its events -> the desk; answers -> Slack's best form."""
