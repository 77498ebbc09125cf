"""Bayes' rule with densities of synthetic images: worth what these are worth."""

import numpy as np
import pytest

from benchmarks.image_ranks import candidate, digits, thirds
from components.config import EvaluateConfig, Purpose
from components.evaluation.evidence import Measurement
from components.evaluation.images.bayes import KernelDensities, measure_bayes
from components.evaluation.images.case import ImageCase

CONFIG = EvaluateConfig(purpose=Purpose.SHARING)


def measured(kind: str) -> dict[str, Measurement]:
    train, test, more = thirds(digits(), 0, 400)
    case = ImageCase(train, test, candidate(kind, train, more, 0), CONFIG)
    return {each.name: each for each in measure_bayes(case).findings.measurements}


def test_real_images_lose_nothing_and_noise_all() -> None:
    good, noise = measured("good"), measured("noise")
    assert good["bayes_accuracy_loss"].low < 0.02 and good["bayes_over_naive"].low > 0
    assert good["bayes_accuracy"].value > 0.9
    assert noise["bayes_accuracy"].value < 0.3 and noise["bayes_accuracy_loss"].low > 0.5


def test_densities_by_hand() -> None:
    kernels = KernelDensities(np.array([[0.0], [2.0], [2.0]]), np.array([0, 1, 1]), 3, 1.0)
    found = kernels.log_densities(np.array([[0.0], [2.0]]))
    assert found[:, :2].tolist() == pytest.approx(np.array([[0.0, -2.0], [-2.0, 0.0]]))
    assert np.isneginf(found[:, 2]).all()  # a class of which there is nothing is never called
    assert kernels.called(np.array([[1.0]]), np.array([0.3, 0.6, 0.1])).tolist() == [1]
    assert kernels.called(np.array([[1.0]]), np.array([0.6, 0.3, 0.1])).tolist() == [0]
