"""How networks are asked about images."""

import numpy as np
import torch

from components.models.images.scoring import likeliest


def test_the_likeliest_class_is_one_that_was_learned():
    images = torch.zeros(4, 1, 8, 8)
    wanted = torch.tensor([0, 1, 2, 2])

    def odd(_: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return (labels - wanted).abs() + 0.1 * labels

    assert likeliest(images, np.array([0.5, 0.25, 0.25]), odd).tolist() == [0, 1, 2, 2]
    assert likeliest(images, np.array([0.5, 0.0, 0.5]), odd).tolist() == [0, 0, 2, 2]
    assert likeliest(images, np.array([0.0, 1.0]), odd).tolist() == [1, 1, 1, 1]
