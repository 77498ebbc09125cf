"""Whether a judge that picks among a generator's draws earns its place."""

from components.config import (
    ClassGaussianConfig,
    ExpressionGanConfig,
    PrivateConfig,
    ResampledConfig,
)
from components.racing.standing import LIKENESS, ORDER, Runner

_WITHOUT = (PrivateConfig, ExpressionGanConfig, ClassGaussianConfig)
"""Those of a guarantee, and of hundreds of columns that are no gradient boosting's business."""


def resampled(leader: Runner) -> ResampledConfig | None:
    """The leader of a race with a judge, None where it has one or is not to have one.

    Likeness is what a judge brings, so it is not asked for where there is no gate of it. A
    guarantee would not cover a judge that looks at the rows without noise.
    """
    if isinstance(leader.model, (ResampledConfig, *_WITHOUT)):
        return None
    return ResampledConfig(generator=leader.model) if leader.has_likeness else None


def why_not(plain: Runner, judged: Runner) -> str:
    """Why the judge is left out, empty where it is kept: it has to help and may cost nothing.

    It helps where rows are more like real ones. It costs something where the outcome is worse, or
    the value of another gate (attacks, usefulness) is worse than the interval of the plain one.
    """
    if ORDER.index(judged.outcome) > ORDER.index(plain.outcome):
        return f"without its judge the rows are {plain.outcome}, with it {judged.outcome}"
    if judged.unlikeness >= plain.unlikeness:
        return "its judge makes the rows no more like real ones"
    for before, after in zip(plain.gates, judged.gates, strict=True):
        assert before.most_spent is not None, "it has just been judged"
        if after.metric != LIKENESS and after.spent > before.most_spent:
            return (
                f"its judge makes {after.metric} {after.value:.3f}, beyond the interval without "
                f"it, {before.low:.3f} to {before.high:.3f}"
            )
    return ""
