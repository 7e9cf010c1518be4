"""Terms that mean the same."""
