"""Help centres that are read through their makers' interfaces: whole articles, and only what changed."""
