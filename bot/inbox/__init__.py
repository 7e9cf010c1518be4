"""Who is answered, when, and in what order: the same on every chat platform."""
