"""How a source writes its columns: told from all values, read, and written so again."""
