"""Privacy: do synthetic rows give away anyone in the training rows."""
