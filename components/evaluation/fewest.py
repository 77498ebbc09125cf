"""How many rows or images there must be at least, so that they can be judged."""

MIN_ROWS = 10
"""Of a table, training, test and synthetic ones each."""

MIN_IMAGES = 50
"""Training, test and synthetic ones each."""

MIN_OF_A_SIDE = 10
"""Test rows or images that are normal, and those that are not, where anomalies are to be found."""
