"""Tables that need no download: real ones that come with a library, and drawn ones.

Targets are under readable names.
"""

from collections.abc import Callable, Mapping

import pandas as pd

from components.data.expression import TARGET, draw_expression
from components.errors import UserError

PROCEDURAL = "procedural:"
"""Begins what is drawn by code of ours, images as well as tables."""


def is_bundled(uri: str) -> bool:
    """True for `LIBRARY:NAME` with a library of `TABLES`, and for what is drawn as a table."""
    libraries = {known.partition(":")[0] for known in TABLES if not known.startswith(PROCEDURAL)}
    return uri in TABLES or uri.partition(":")[0] in libraries


def load_bundled(uri: str) -> pd.DataFrame:
    """The table called `uri`; raises UserError where there is none of that name."""
    if uri not in TABLES:
        raise UserError(f"no bundled table {uri!r}; there are: {', '.join(TABLES)}")
    return TABLES[uri]()


def _sklearn(name: str, target: str) -> Callable[[], pd.DataFrame]:
    def load() -> pd.DataFrame:
        from sklearn import datasets

        bunch = getattr(datasets, f"load_{name}")(as_frame=True)
        values = bunch.target
        if "target_names" in bunch and isinstance(bunch.target_names[0], str):
            values = values.map(dict(enumerate(map(str, bunch.target_names))))
        frame: pd.DataFrame = bunch.data.assign(**{target: values})
        return frame

    return load


def _fair_survey() -> pd.DataFrame:
    """6,366 answers of married women (Redbook 1974; Fair 1978); the target: any affair at all."""
    from statsmodels.datasets import fair

    answers = fair.load_pandas().data
    frame: pd.DataFrame = answers.drop(columns="affairs").assign(affair=answers["affairs"] > 0)
    return frame


def _ecg() -> pd.DataFrame:
    """600 seconds of a drawn electrocardiogram of two leads; the second half has planted faults."""
    from components.data.ecg import draw_ecg

    return draw_ecg(600, clean_seconds=300, seed=0).frame()


def _blood_cells() -> pd.DataFrame:
    """700 blood cells, 765 genes as log(1 + counts), 10 types (Zheng et al. 2017)."""
    try:
        import scanpy
    except ImportError as error:
        raise UserError(
            "scanpy:pbmc68k needs scanpy, which is not installed: pip install 'mintmark[genes]'"
        ) from error
    cells = scanpy.datasets.pbmc68k_reduced()
    frame: pd.DataFrame = cells.raw.to_adata().to_df().astype("float64")
    return frame.reset_index(drop=True).assign(
        **{TARGET: cells.obs["bulk_labels"].astype(str).to_numpy()}
    )


TABLES: Mapping[str, Callable[[], pd.DataFrame]] = {
    "procedural:ecg": _ecg,
    "procedural:expression": draw_expression,
    "scanpy:pbmc68k": _blood_cells,
    "sklearn:breast_cancer": _sklearn("breast_cancer", "diagnosis"),
    "sklearn:diabetes": _sklearn("diabetes", "progression"),
    "sklearn:digits": _sklearn("digits", "digit"),
    "sklearn:iris": _sklearn("iris", "species"),
    "sklearn:wine": _sklearn("wine", "cultivar"),
    "statsmodels:fair": _fair_survey,
}
