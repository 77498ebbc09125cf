"""Seeds for the parts of an evaluation, all following from one."""

import zlib

import numpy as np


def derived_seed(seed: int, *labels: str | int) -> int:
    """A seed in 0 to 2**32 - 1 that depends on `seed` and every label, and on nothing else.

    >>> derived_seed(0, "fold", 1) == derived_seed(0, "fold", 1)
    True
    >>> derived_seed(0, "fold", 1) == derived_seed(0, "fold", 2)
    False
    """
    words = [zlib.crc32(str(label).encode()) for label in labels]
    return int(np.random.SeedSequence([seed, *words]).generate_state(1)[0])
