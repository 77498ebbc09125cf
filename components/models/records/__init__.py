"""Generators of wide numeric rows, by their main components."""
