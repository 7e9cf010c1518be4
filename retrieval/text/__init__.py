"""Text by itself: languages, scripts, words and codes. Knows no page, no index and no model."""
