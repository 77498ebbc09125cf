"""What a generator that is only named is like: crowds hide rows where these are shared."""

from collections.abc import Mapping

from components.config import (
    SHARING_TREES,
    UNSHARED_COPULA,
    UNSHARED_GAN,
    ClassGaussianConfig,
    ExpressionGanConfig,
    ModelConfig,
    Purpose,
)

_CROWD = 10
_FOR_SHARING: Mapping[str, ModelConfig] = {
    "trees": SHARING_TREES,
    "class_gaussian": ClassGaussianConfig(crowd=_CROWD),
    "expression_gan": ExpressionGanConfig(crowd=_CROWD),
}
_FOR_ONESELF: Mapping[str, ModelConfig] = {"copula": UNSHARED_COPULA, "ctgan": UNSHARED_GAN}


def usual_settings(name: str, purpose: Purpose) -> ModelConfig | None:
    """Its settings for a purpose, None where they are its own defaults.

    >>> usual_settings("trees", Purpose.SHARING).crowd, usual_settings("tvae", Purpose.SHARING)
    (15, None)
    """
    known = _FOR_SHARING if purpose is Purpose.SHARING else _FOR_ONESELF
    return known.get(name)
