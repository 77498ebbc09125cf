"""Networks of rows as codes: autoregressive, and a variational autoencoder."""
