"""From a message to an answer: what it asks, whether the passages found answer it, and what is said."""
