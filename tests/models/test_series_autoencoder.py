"""The autoencoder of series: what it learns, keeps, finds odd, and makes."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from components.config import ColumnKind, SeriesAutoencoderConfig, SeriesLayout
from components.data.inference import describe, infer_kinds
from components.data.table import Table
from components.errors import UserError
from components.models.catalog import load_any_model, load_series_model
from components.models.contract import Scorer
from components.models.series.autoencoder import SeriesAutoencoder

SMALL = SeriesAutoencoderConfig(
    layout=SeriesLayout(time="when", group="pump"),
    window=16,
    halvings=2,
    width=8,
    code_size=4,
    steps=100,
    batch_size=32,
    rate=1e-2,
    look_every=25,
)


def waves(num_rows: int, seed: int) -> pd.DataFrame:
    """Two pumps, each with two channels that swing together."""
    rng = np.random.default_rng(seed)
    parts = []
    for pump in ("a", "b"):
        turn = 2 * np.pi * np.arange(num_rows) / 12 + rng.uniform(0, 6)
        parts.append(
            pd.DataFrame(
                {
                    "pump": pump,
                    "when": pd.date_range("2024-01-01", periods=num_rows, freq="1min"),
                    "load": np.sin(turn) + 0.05 * rng.normal(size=num_rows),
                    "heat": np.cos(turn) + 0.05 * rng.normal(size=num_rows),
                    "kind": "normal",
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def as_table(frame: pd.DataFrame) -> Table:
    kinds = infer_kinds(
        frame, "kind", {"kind": ColumnKind.CATEGORICAL, "pump": ColumnKind.CATEGORICAL}
    )
    return Table(frame, describe(frame, kinds, "kind"))


TOLD: list[float] = []
"""The held-out errors of `fitted`'s training."""


@cache
def table() -> Table:
    frame = waves(400, 0)
    frame.loc[0, "kind"] = "odd"  # one class alone is refused where it is inferred
    found = as_table(pd.concat([frame, frame.head(60).assign(kind="odd")], ignore_index=True))
    return Table(waves(400, 0), found.schema)


@cache
def fitted() -> SeriesAutoencoder:
    model = SeriesAutoencoder(SMALL)
    model.fit(table(), seed=0, log=lambda step, told: TOLD.append(told["held_out_error"]))
    return model


def test_what_it_learns_is_how_series_go():
    assert fitted().channels_ == ("load", "heat")
    assert TOLD[-1] < 0.5 * TOLD[0]


def test_an_odd_step_in_one_channel_is_found_there():
    frame = waves(200, 2)
    frame.loc[100:104, "heat"] = 0.0
    model = fitted()
    assert isinstance(model, Scorer)
    scores, blamed = model.score(frame), model.explain(frame)
    assert 95 <= int(np.argmin(scores)) <= 110
    assert blamed["heat"][100:105].mean() > 5 * blamed["heat"][:80].mean()
    assert blamed["heat"][100:105].mean() > blamed["load"][100:105].mean()
    np.testing.assert_allclose(scores, -blamed.sum(axis=1))


def test_scores_follow_rows_and_groups_do_not_touch():
    frame = waves(80, 3)
    model = fitted()
    scores = model.score(frame)
    shuffled = frame.sample(frac=1, random_state=1)
    np.testing.assert_allclose(model.score(shuffled), scores[shuffled.index], rtol=1e-4)
    alone = model.score(frame[frame["pump"] == "b"])
    np.testing.assert_allclose(alone, scores[80:], rtol=1e-4)


def test_rows_without_a_window_have_no_score():
    frame = waves(40, 4)
    frame.loc[10, "load"] = np.nan
    scores = fitted().score(frame)
    assert np.isnan(scores[:11]).all()
    assert np.isfinite(scores[11:]).all()


def test_wider_strides_cover_every_step():
    coarse = SeriesAutoencoder(SMALL.model_copy(update={"stride": 16}))
    coarse.__dict__ |= {k: v for k, v in fitted().__dict__.items() if k != "config"}
    assert np.isfinite(coarse.score(waves(75, 5))).all()


def test_saved_and_loaded_gives_the_same_scores_and_rows(tmp_path: Path):
    model, frame = fitted(), waves(50, 6)
    model.save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"model.json", "weights.safetensors"}
    loaded = load_series_model(tmp_path)
    np.testing.assert_array_equal(loaded.score(frame), model.score(frame))
    assert_frame_equal(loaded.sample(70, seed=2), model.sample(70, seed=2))
    assert isinstance(load_any_model(tmp_path), SeriesAutoencoder)


def test_what_it_makes_is_a_series_in_the_columns_it_knows():
    rows = fitted().sample(100, seed=0)
    assert list(rows.columns) == list(table().frame.columns)
    assert rows.dtypes.astype(str).to_dict() == table().frame.dtypes.astype(str).to_dict()
    assert (rows["when"].diff().dropna() == pd.Timedelta("1min")).all()
    assert set(rows["kind"]) == {"normal"} and rows["pump"].nunique() == 1
    assert rows["load"].std() == pytest.approx(waves(100, 0)["load"].std(), rel=0.3)
    assert not rows.equals(fitted().sample(100, seed=1))


def test_a_killed_training_ends_as_one_that_was_not(tmp_path: Path):
    """Killed after any look, it goes on from the checkpoint of it."""

    class KilledError(Exception):
        pass

    def kill(step: int, found: object) -> None:
        if step == 50:
            raise KilledError

    eager = SMALL.model_copy(update={"checkpoint_seconds": 0.0})
    with pytest.raises(KilledError):
        SeriesAutoencoder(eager).fit(table(), seed=0, log=kill, checkpoint_dir=tmp_path)
    assert list(tmp_path.glob("step-*.pt"))
    resumed = SeriesAutoencoder(eager)
    resumed.fit(table(), seed=0, checkpoint_dir=tmp_path)
    frame = waves(60, 1)
    np.testing.assert_array_equal(resumed.score(frame), fitted().score(frame))


def test_too_few_windows_and_columns_without_a_part_are_refused():
    short = Table(waves(16, 0), table().schema)
    with pytest.raises(UserError, match=r"have 2 windows of 16 steps.*at least 32"):
        SeriesAutoencoder(SMALL.model_copy(update={"holdout_share": 0.0})).fit(short, seed=0)
    frame = table().frame.assign(place=np.resize(["x", "y", "z"], 800))
    schema = table().schema.model_copy(
        update={
            "columns": (
                *table().schema.columns,
                as_table(pd.concat([frame, frame.assign(kind="odd")])).schema["place"],
            )
        }
    )
    with pytest.raises(UserError, match=r"'place' \(categorical\) is no number.*drop it"):
        SeriesAutoencoder(SMALL).fit(Table(frame, schema), seed=0)


def test_rows_that_all_lack_a_value_are_refused():
    hollow = table().frame.assign(load=np.nan)
    with pytest.raises(
        UserError, match=r"^0 rows in 0 stretches, beside 800 held out or .* have 0"
    ):
        SeriesAutoencoder(SMALL).fit(Table(hollow, table().schema), seed=0)
