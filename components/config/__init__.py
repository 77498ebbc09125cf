"""The settings of a run: what `params.yaml` may say. Frozen, extra keys refused, no torch."""

from components.config.evaluate import (
    AUGMENTATION_GATES,
    RATIOS,
    SHARING_GATES,
    EvaluateConfig,
    Gate,
    Protocol,
    Purpose,
)
from components.config.models import (
    SHARING_CROWD,
    AutoConfig,
    AutoregressiveConfig,
    CopulaConfig,
    CtganConfig,
    Device,
    Model,
    ModelConfig,
    PrivateConfig,
    SynthesizeConfig,
    TrainConfig,
    TreesConfig,
)
from components.config.params import Params, override, parse_evaluate, parse_params, read_params
from components.config.prepare import (
    ColumnKind,
    GroupSplit,
    PrepareConfig,
    RandomSplit,
    Split,
    TimeSplit,
)
from components.config.promote import AncestryConfig, Approval, PromoteConfig
from components.config.settings import Settings

__all__ = [
    "AUGMENTATION_GATES",
    "RATIOS",
    "SHARING_CROWD",
    "SHARING_GATES",
    "AncestryConfig",
    "Approval",
    "AutoConfig",
    "AutoregressiveConfig",
    "ColumnKind",
    "CopulaConfig",
    "CtganConfig",
    "Device",
    "EvaluateConfig",
    "Gate",
    "GroupSplit",
    "Model",
    "ModelConfig",
    "Params",
    "PrepareConfig",
    "PrivateConfig",
    "PromoteConfig",
    "Protocol",
    "Purpose",
    "RandomSplit",
    "Settings",
    "Split",
    "SynthesizeConfig",
    "TimeSplit",
    "TrainConfig",
    "TreesConfig",
    "override",
    "parse_evaluate",
    "parse_params",
    "read_params",
]
