"""A generator of Gaussian copulas, one a class."""
