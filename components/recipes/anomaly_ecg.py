"""Does an autoencoder of heartbeats find faulty ones that windows and z-scores miss?

A procedural electrocardiogram of two leads (`components/data/ecg.py`): the first half is sound, in
the second beats are missing, early, turned over in part, or drowned in noise. The model learns what
sound windows look like; what it cannot make again is odd.
"""

from components.config import (
    EvaluateConfig,
    Gate,
    NormalConfig,
    Params,
    PrepareConfig,
    Purpose,
    SeriesAutoencoderConfig,
    SeriesLayout,
    TimeSplit,
    TrainConfig,
)
from components.recipes.recipe import Family, Preset, Recipe

GATES = tuple(
    Gate(metric="event_auroc", better_than=baseline, worthwhile=0.01)
    for baseline in ("isolation_forest", "pca", "moving_z_score")
)


def _params(*, steps: int, width: int, stride: int = 1) -> Params:
    model = SeriesAutoencoderConfig(
        layout=SeriesLayout(time="time"), steps=steps, width=width, stride=stride
    )
    return Params(
        name="anomaly_ecg",
        prepare=PrepareConfig(
            data="procedural:ecg",
            target="fault",
            normal=NormalConfig(values=("none",)),
            split=TimeSplit(column="time"),
            test_share=0.5,
        ),
        train=TrainConfig(model=model, calibration_share=0.3),
        evaluate=EvaluateConfig(purpose=Purpose.ANOMALY, anomaly_gates=GATES),
    )


RECIPE = Recipe(
    question="Does an autoencoder of heartbeats find faulty ones that simpler detectors miss?",
    family=Family.ANOMALY,
    presets={
        Preset.SMOKE: _params(steps=30, width=4, stride=16),
        Preset.CPU: _params(steps=800, width=16),
        Preset.GPU: _params(steps=10_000, width=64),
    },
)
