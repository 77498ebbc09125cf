"""Real tables that come with scikit-learn, with their targets under readable names."""

import pandas as pd

from components.errors import UserError

TARGETS = {
    "breast_cancer": "diagnosis",
    "diabetes": "progression",
    "digits": "digit",
    "iris": "species",
    "wine": "cultivar",
}


def load_bundled(name: str) -> pd.DataFrame:
    """The features of a bundled table and its target under the name in `TARGETS`."""
    if name not in TARGETS:
        raise UserError(f"no bundled table {name!r}; there are: {', '.join(TARGETS)}")
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    target = bunch.target
    if name in ("breast_cancer", "iris", "wine"):
        target = target.map(dict(enumerate(map(str, bunch.target_names))))
    frame: pd.DataFrame = bunch.data.assign(**{TARGETS[name]: target})
    return frame
