"""A widget for one's own site: one script tag, and the web is a platform like the others."""
