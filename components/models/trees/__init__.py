"""Generators that are trees: one a column, or an adversarial forest of leaves."""
