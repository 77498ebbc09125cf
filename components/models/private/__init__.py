"""A generator with a guarantee of differential privacy."""
