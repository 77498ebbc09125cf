"""What recipes that find anomalies have in common."""

from components.config import (
    AnomalyGanConfig,
    AnomalyScore,
    ClassicConfig,
    DcganNetworks,
    EvaluateConfig,
    Gate,
    ImageModelConfig,
    ImagesConfig,
    Norm,
    NormalConfig,
    Params,
    PlainConditioning,
    PrepareConfig,
    Purpose,
    TrainConfig,
    WassersteinLoss,
)
from components.recipes.image_params import MNIST

CALIBRATION_SHARE = 0.2
NORMAL_DIGIT = "8"
"""Of the ten digits the one that principal components find hardest to tell from the others."""
GATES = tuple(
    Gate(metric="anomaly_auroc", better_than=each, worthwhile=0.01)
    for each in ("pca", "isolation_forest")
)
VARIED = ClassicConfig(shift=0.05)
"""What leaves a digit the same: a little is enough to make more of few."""


def one_digit_in(
    name: str, model: ImageModelConfig, *, data: str = MNIST, train_rows: int | None = None
) -> Params:
    """A model of one digit, judged by how well it tells the others from it."""
    return Params(
        name=name,
        prepare=PrepareConfig(
            data=data,
            target="label",
            images=ImagesConfig(),
            normal=NormalConfig(values=(NORMAL_DIGIT,)),
            train_rows=train_rows,
        ),
        train=TrainConfig(model=model, calibration_share=CALIBRATION_SHARE),
        evaluate=EvaluateConfig(purpose=Purpose.ANOMALY, anomaly_gates=GATES),
    )


def wasserstein(score: AnomalyScore, *, width: int, steps: int) -> AnomalyGanConfig:
    """A Wasserstein GAN, at the rates of `wasserstein_gan_mnist`, that scores images."""
    return AnomalyGanConfig(
        loss=WassersteinLoss(),
        r1=None,
        generator_rate=5e-4,
        discriminator_rate=5e-4,
        momentum=0.0,
        scaling=0.9,
        batch_size=64,
        networks=DcganNetworks(width=width, norm=Norm.BATCH),
        conditioning=PlainConditioning(name="none"),
        discriminator_steps=3,
        steps=steps,
        score=score,
    )
