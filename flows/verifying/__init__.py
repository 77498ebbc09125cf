"""Every recipe of a family run with several seeds, and the page of what they reached."""
