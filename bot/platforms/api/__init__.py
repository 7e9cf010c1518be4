"""The HTTP API, as those know it who tell platforms apart. What answers there is `bot.api`."""
