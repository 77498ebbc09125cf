"""Benefit: do synthetic rows beside real ones help learners more than cheaper tricks."""
