"""Whether what is known is still true: entries that contradict each other, and those that have gone stale."""
