"""True and false are read in any usual words, and CSV files of made rows have the source's."""

from pathlib import Path

import pandas as pd
import pytest

from components.config import ColumnKind, RandomSplit
from components.data.batches import file_batches
from components.data.conditions import code_condition
from components.data.conformed import ConformedRows
from components.data.inference import described_by
from components.data.output import write_frame
from components.data.preparation import prepare_table
from components.data.sources import read_source
from components.data.table import Table, decode
from components.data.union import Reference, join_windows
from components.data.windows import HELD_OUT, keep_window, labelled_rows
from components.errors import UserError

BOOLEAN = ColumnKind.BOOLEAN
WORDS = [
    ("FALSE", "TRUE", {}),
    ("false", "true", {}),
    ("no", "yes", {"it": BOOLEAN}),
    ("N", "Y", {"it": BOOLEAN}),
    ("0", "1", {"it": BOOLEAN}),
    ("FALSE", "TRUE", {"it": ColumnKind.CATEGORICAL}),
    ("no", "yes", {}),
    ("0", "1", {}),
]


def source(folder: Path, no: str, yes: str, *, gaps: bool) -> Path:
    words = [yes, no, no, "" if gaps else yes] * 20
    rows = pd.DataFrame({"it": words, "y": ["a", "b"] * 40})
    rows.to_csv(folder / "source.csv", index=False)
    return folder / "source.csv"


def read(path: Path, kinds: dict[str, ColumnKind]) -> Table:
    found = read_source(str(path))
    return prepare_table(found.frame, "y", kinds=kinds, kept=found.forms)


def made(table: Table, folder: Path) -> list[str]:
    frame = decode(table.matrix, table.schema, seed=0)
    write_frame(frame, folder / "made.csv", table.schema)
    return pd.read_csv(folder / "made.csv", dtype="str", keep_default_na=False)["it"].tolist()


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize(("no", "yes", "kinds"), WORDS)
def test_made_rows_have_the_words_of_their_source(
    tmp_path: Path, no: str, yes: str, kinds: dict[str, ColumnKind], gaps: bool
) -> None:
    path = source(tmp_path, no, yes, gaps=gaps)
    table = read(path, kinds)
    assert made(table, tmp_path) == [yes, no, no, "" if gaps else yes] * 20
    rows = ConformedRows.infer(file_batches([path], tmp_path, 30), "y", kinds)
    described = described_by(rows.kinds, rows.forms)
    for batch in rows.read():
        described.add(batch)
    assert described.schema("y") == table.schema


@pytest.mark.parametrize(("no", "yes", "kinds"), WORDS[:6])
def test_a_union_with_rows_that_arrived_has_them_too(
    tmp_path: Path, no: str, yes: str, kinds: dict[str, ColumnKind]
) -> None:
    table = read(source(tmp_path, no, yes, gaps=False), kinds)
    words = ("0", "1") if yes == "1" else (no, yes)
    arrived = pd.DataFrame({"it": words * 5, "y": ["a", "b"] * 5})
    if kinds.get("it") is not BOOLEAN:
        arrived["it"] = arrived["it"] == yes
    new = labelled_rows(arrived, table.schema).assign(**{HELD_OUT: False})
    if table.schema["it"].kind is BOOLEAN:
        assert new["it"].tolist() == [False, True] * 5
    window = keep_window(tmp_path / "windows", new, "ab" * 32, most=1)
    reference = Reference(
        "m", "1", table.frame, new.head(0), ("cd" * 32,), "k", RandomSplit(), table.schema.columns
    )
    union = join_windows(reference, [window], tmp_path / "unions", max_rows=1_000)
    kept = {column.name: column.kind for column in table.schema.columns}
    paths = sorted(union.folder.glob("*.parquet"))
    rows = ConformedRows.infer(file_batches(paths, tmp_path).without([HELD_OUT]), "y", kept)
    described = described_by(rows.kinds, rows.forms)
    for batch in rows.read():
        described.add(batch)
    assert described.schema("y")["it"].truths == table.schema["it"].truths == (no, yes)


def test_words_of_both_sides_are_told_by_one_and_may_be_asked_for(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("it,y\n" + "TRUE,a\nTrue,b\nTRUE,b\n" * 30)
    single = read(tmp_path / "t.csv", {"it": ColumnKind.CONSTANT})
    assert set(made(single, tmp_path)) == {"TRUE"}
    table = read(source(tmp_path, "N", "Y", gaps=False), {"it": BOOLEAN})
    assert code_condition({"it": "Y"}, table.schema) == {0: 1.0}


def test_what_is_neither_is_refused_where_it_is_declared() -> None:
    rows = pd.DataFrame({"it": ["yes", "no", "maybe", "no"] * 20, "y": ["a", "b"] * 40})
    with pytest.raises(UserError, match="'it' cannot be read as boolean: 'maybe' is neither true"):
        prepare_table(rows, "y", kinds={"it": BOOLEAN})
    with pytest.raises(UserError, match="'it' cannot be read as boolean: 2 is neither true nor"):
        prepare_table(rows.assign(it=[0, 1, 2, 1] * 20), "y", kinds={"it": BOOLEAN})
