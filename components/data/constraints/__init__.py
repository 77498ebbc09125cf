"""What holds between the columns of every row: declared, checked, and built into the rows."""
