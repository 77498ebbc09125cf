"""What was seen of champions, kept with the registry: looks, bake windows, retrainings."""
