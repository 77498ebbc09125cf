"""Live rows: what a champion is worth on them."""
