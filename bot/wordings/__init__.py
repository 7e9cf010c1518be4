"""Other wordings of entries, written by a language model in its idle time and checked by the search."""
