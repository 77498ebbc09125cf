"""A conditional tabular GAN."""
