"""What an evaluation found, for people: an HTML page, a Markdown summary, rows for a terminal."""
