"""The sources: what is crawled, when, how it is doing, and the commands for it."""
