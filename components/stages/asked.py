"""Whether what the gates ask can be measured: told before any work."""

from components.config import EvaluateConfig, Params, Purpose, makes_images, reads_series


def check_asked(params: Params) -> None:
    """Raise UserError for a gate on a metric, or a baseline, that `evaluate` would not know.

    Gates that are there by default are known; the catalogs take seconds to import.
    """
    config, model = params.evaluate, params.train.model
    usual = EvaluateConfig(purpose=config.purpose)
    told = ("gates", "protocol", "subgroups") if makes_images(model) else ("gates",)
    if all(getattr(config, name) == getattr(usual, name) for name in told):
        return
    if config.purpose is Purpose.ANOMALY and reads_series(model):
        from components.evaluation.anomaly.series_evaluate import check_asked_in_series
        from components.models.series.baselines import BASELINES as BESIDE_SERIES

        check_asked_in_series(config, BESIDE_SERIES)
    elif config.purpose is Purpose.ANOMALY:
        from components.evaluation.anomaly.baselines import BASELINES
        from components.evaluation.anomaly.evaluate import check_asked_of_detectors

        check_asked_of_detectors(config, BASELINES)
    elif makes_images(model):
        from components.evaluation.images.evaluate import check_asked_of_images

        check_asked_of_images(config, params.evaluate_images.baselines)
    else:
        from components.evaluation.evaluate import check_asked_of_rows

        check_asked_of_rows(config)
