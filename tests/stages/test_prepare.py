"""`prepare` a batch at a time: the bytes are those of all rows at once, whatever the batch."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.config import Params, parse_params
from components.data.inference import conform, describe, forms_of, infer_kinds
from components.data.schema import ColumnKind, Schema
from components.data.sources import read_source
from components.data.splits import hash_rows, split_rows
from components.errors import UserError
from components.stages import prepare
from components.stages.paths import StagePaths

ROWS = 300


def mixed(seed: int) -> pd.DataFrame:
    """Every kind of column, with surprises in its last rows alone."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"sick": rng.choice(["no", "yes", "perhaps"], ROWS, p=[0.6, 0.3, 0.1])})
    frame["row"] = np.arange(ROWS) + 5
    frame["age"] = rng.integers(-50, 900, ROWS)
    frame["visits"] = np.where(rng.random(ROWS) < 0.3, np.nan, rng.integers(0, 9, ROWS))
    frame["weight"] = rng.normal(size=ROWS).round(2)
    frame["huge"] = np.where(np.arange(ROWS) == ROWS - 2, 1e308, rng.normal(size=ROWS).round(1))
    frame["city"] = rng.choice(["Rome", "Zürich", "😀"], ROWS)
    frame.loc[ROWS - 1, "city"] = "only here"
    frame["code"] = [f"P-{number:05}" for number in rng.permutation(ROWS)]
    frame["almost"] = frame["code"].where(frame["row"] < ROWS + 4, frame["code"].iloc[0])
    frame["born"] = pd.Timestamp("1965-03-01") + pd.to_timedelta(rng.integers(0, 9999, ROWS), "D")
    frame["smokes"] = rng.random(ROWS) < 0.3
    frame["person"] = rng.integers(0, 30, ROWS)
    return frame


def as_text(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The columns as a CSV may have them: numbers that end in a word, booleans that are missing."""
    rng = np.random.default_rng(seed)
    late = frame.index == ROWS - 3
    return frame.assign(
        zip=[f"{number:05}" for number in rng.integers(0, 9, ROWS)],
        grade=np.where(late, "none", rng.integers(0, 5, ROWS).astype(str)),
        half=np.where(late, 2.5, rng.integers(0, 5, ROWS)).astype(object),
        sparse=np.where(frame.index > ROWS - 9, "seen", None),
        rare=np.where(frame.index > ROWS - 9, frame["city"], None),
        asked=np.where(frame.index % 7, rng.random(ROWS) < 0.5, None),
        word=np.where(late, "unsure", rng.random(ROWS) < 0.5),
    )


def prepared(
    folder: Path, data: Path, batch: int, monkeypatch: pytest.MonkeyPatch, **asked: object
) -> dict[str, str]:
    """The hashes of what `prepare` writes, by file."""
    monkeypatch.setattr(prepare, "BATCH", batch)
    paths = StagePaths(folder / str(batch))
    prepare.run(params_for(data, **asked), paths)
    written = (paths.train, paths.test, paths.schema, paths.split)
    assert sorted(paths.train.parent.iterdir()) == sorted(written)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in written}


def params_for(data: Path, **asked: object) -> Params:
    raw = {
        "name": "batches",
        "prepare": {"data": str(data), "target": "sick", **asked},
        "train": {"model": {"name": "trees"}},
        "evaluate": {"purpose": "sharing"},
    }
    return parse_params(raw, "these")


def written(folder: Path, form: str) -> Path:
    frame = mixed(3)
    if form == "csv":
        as_text(frame, 3).to_csv(folder / "rows.csv", index=False)
    elif form == "parquet":
        nullable = frame.assign(
            asked=pd.array(np.where(frame.index % 7, True, None), dtype="boolean"),
            shop=frame["city"].astype("category"),
            late=frame["born"] + pd.to_timedelta(np.where(frame.index == ROWS - 1, 7, 0), "ms"),
        )
        nullable["visits"] = nullable["visits"].astype("Int64")
        nullable.loc[0, "asked"] = False
        nullable.set_index("code").to_parquet(folder / "rows.parquet", row_group_size=70)
    else:
        frame.iloc[:90].to_csv(folder / "rows1.csv", index=False)
        frame.iloc[90:].to_parquet(folder / "rows2.parquet")
    return folder if form == "both" else folder / f"rows.{form}"


BY_GROUP = {"split": {"method": "group", "column": "person"}, "kinds": {"age": "categorical"}}
BY_TIME = {"split": {"method": "time", "column": "born"}, "max_train_rows": 100}
BY_MARK = {"split": {"method": "marked", "column": "smokes"}, "drop": ["huge"]}
OF_NUMBERS = {"target": "person", "kinds": {"person": "integer", "born": "categorical"}}


@pytest.mark.parametrize(
    ("form", "asked"),
    [
        ("csv", {}),
        ("parquet", {}),
        ("both", {}),
        ("csv", BY_GROUP),
        ("both", BY_TIME),
        ("parquet", BY_MARK),
        ("csv", OF_NUMBERS),
    ],
)
def test_bytes_do_not_depend_on_the_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, asked: dict[str, object]
) -> None:
    (tmp_path / "source").mkdir()
    data = written(tmp_path / "source", form)
    whole, parts = (prepared(tmp_path, data, batch, monkeypatch, **asked) for batch in (10_000, 47))
    assert parts == whole


@pytest.mark.parametrize("form", ["csv", "parquet", "both"])
def test_batches_give_what_all_rows_at_once_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    (tmp_path / "source").mkdir()
    data = written(tmp_path / "source", form)
    prepared(tmp_path, data, 37, monkeypatch)
    paths, config = StagePaths(tmp_path / "37"), params_for(data).prepare
    source = read_source(str(data))
    kinds = infer_kinds(source.frame, config.target, {})
    rows = conform(source.frame, kinds)
    split = split_rows(rows, config, stratify=True)
    train = rows.iloc[split.train].reset_index(drop=True)
    forms = forms_of(source.frame, kinds, source.forms)
    assert Schema.load(paths.schema) == describe(train, kinds, config.target, forms)
    assert hash_rows(pd.read_parquet(paths.train)) == hash_rows(train)
    assert hash_rows(pd.read_parquet(paths.test)) == hash_rows(rows.iloc[split.test])


def test_what_only_the_last_batch_shows_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = written(tmp_path, "csv")
    monkeypatch.setattr(prepare, "BATCH", 20)
    paths = StagePaths(tmp_path / "out")
    prepare.run(params_for(data, test_share=0.01), paths)
    schema = Schema.load(paths.schema)
    assert "only here" in schema["city"].categories
    assert schema["grade"].categories == ("0", "1", "2", "3", "4", "none")
    assert schema["word"].categories == ("False", "True", "unsure")
    assert schema["half"].kind is ColumnKind.NUMERICAL and schema["half"].decimals == 1
    assert schema["huge"].decimals is None and schema["weight"].decimals == 2
    assert schema["code"].kind is ColumnKind.IDENTIFIER
    assert schema["almost"].kind is ColumnKind.IDENTIFIER  # of which one alone comes again
    assert schema["asked"].kind is ColumnKind.BOOLEAN and schema["asked"].nullable


def test_refusals_count_all_rows_and_leave_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "BATCH", 20)
    data, paths = written(tmp_path, "csv"), StagePaths(tmp_path / "out")
    asked = [{"kind": "inequality", "low": "weight", "high": "age"}]
    frame = mixed(3)
    num_broken = int((frame["weight"] > frame["age"]).sum())
    with pytest.raises(UserError, match=f"is broken by {num_broken} of {ROWS} rows, such as: "):
        prepare.run(params_for(data, constraints=asked), paths)
    with pytest.raises(UserError, match="split column 'when' is not in the table; there are: sick"):
        prepare.run(params_for(data, split={"method": "time", "column": "when"}), paths)
    with pytest.raises(UserError, match="cannot drop 'when': it is not in the table"):
        prepare.run(params_for(data, drop=["when"]), paths)
    with pytest.raises(UserError, match="column 'city' cannot be read as integer"):
        prepare.run(params_for(data, kinds={"city": "integer"}), paths)
    assert not list(paths.train.parent.iterdir())
