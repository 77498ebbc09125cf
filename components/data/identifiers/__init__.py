"""Identifiers: which columns hold them, and fresh ones in the pattern of the real ones."""
