"""Messages -> tokens. Knows no passages and no chat."""
