"""The programs that leave with a version: rows from uniform draws."""
