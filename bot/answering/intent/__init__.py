"""Reads what a message is: from its embedding and its words, as learned from the examples in this folder."""
