"""Rules that real rows keep: found, and kept or broken by synthetic ones."""
