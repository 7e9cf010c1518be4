"""The web server: health, metrics, and Slack's signed requests."""
