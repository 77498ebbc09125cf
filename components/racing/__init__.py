"""Choosing a generator: several are fitted, judged on rows held out of training, and compared."""
