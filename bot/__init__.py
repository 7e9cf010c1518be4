"""The product: composes retrieval and inference, and talks to people."""
