"""Synthetic rows as a product: made, carded, handed out, and counted where they come back."""
