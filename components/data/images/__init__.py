"""Images: where they come from, what they show, and how they travel as rows."""
