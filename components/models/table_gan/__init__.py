"""table-GAN."""
