"""What keeps the servers and the workers of a machine running, and how machines share them."""
