"""How CSV files are written, told from their first rows."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.data.batches import file_batches
from components.data.files import read_files
from components.data.forms.csv_form import csv_form
from components.data.output import write_frame
from components.data.preparation import prepare_table
from components.data.sources import read_source
from components.errors import UserError


def written(folder: Path, text: str, name: str = "rows.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    data = text.encode(encoding)
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize(
    ("text", "separator", "decimal"),
    [
        ("a,b\n1.5,x\n", ",", "."),
        ("a;b\n1,5;x\n-2,25;y\n", ";", ","),
        ("a;b\n1.5;x\n", ";", "."),
        ("a;b\n1,5;x\n2.5;y\n", ";", "."),
        ("a\tb\n1\tx, y\n", "\t", "."),
        ("a|b|c\n1|2|3\n", "|", "."),
        ("a;b,c\n1;2,3\n", ",", "."),
        ('"a;b",c\n"1;2",3\n', ",", "."),
        ('name;said\nx;"one\ntwo; three"\n', ";", "."),
        ("only\n1\n2\n", ",", "."),
        ("a,b\n1,2,3\n", ",", "."),
        ("", ",", "."),
    ],
)
def test_the_form_is_told(text: str, separator: str, decimal: str, tmp_path: Path) -> None:
    for name in ("rows.csv", "rows.csv.gz"):
        form = csv_form(written(tmp_path, text, name))
        assert (form.separator, form.decimal) == (separator, decimal)


def test_the_start_of_a_long_file_is_enough(tmp_path: Path) -> None:
    rows = "".join(f"{number},5;x{number}\n" for number in range(20_000))
    assert csv_form(written(tmp_path, "a;b\n" + rows)).decimal == ","


@pytest.mark.parametrize("size", [100, 7])
def test_numbers_and_names_are_what_they_are(tmp_path: Path, size: int) -> None:
    lines = [f"{n},5;{n};{'oui' if n % 2 else 'non'};Zoé, {n}\n" for n in range(20)]
    path = written(tmp_path, "\ufeffprix;nombre;payé;qui\n" + "".join(lines))
    whole = read_files([path])
    assert whole.dtypes.astype(str).to_dict() == {
        "prix": "float64",
        "nombre": "int64",
        "payé": "str",
        "qui": "str",
    }
    assert whole["prix"].tolist() == [n + 0.5 for n in range(20)] and whole["qui"][3] == "Zoé, 3"
    batches = file_batches([path], tmp_path, size)
    parts = pd.concat(batches.read(), ignore_index=True)
    pd.testing.assert_frame_equal(parts, whole)


def test_a_long_header_is_read_whole(tmp_path: Path) -> None:
    names = [f"column {number}" for number in range(20_000)]
    path = written(tmp_path, ";".join(names) + "\n" + ";".join(["1,5"] * 20_000) + "\n")
    assert csv_form(path).names == tuple(names)
    with pytest.raises(UserError, match="more than one column named 'column 7'"):
        csv_form(written(tmp_path, ";".join([*names, "column 7"]) + "\n"))


def test_other_encodings_and_repeated_names_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"not text in UTF-8 \(a byte 0xe9\); save it as UTF-8"):
        read_files([written(tmp_path, "prénom;b\n1;2\n", encoding="cp1252")])
    with pytest.raises(UserError, match="more than one column named 'a'"):
        read_files([written(tmp_path, "a;a\n1;2\n")])


@pytest.mark.parametrize(
    ("header", "end"),
    [("a,b", ","), ("a,b", ",,"), ("a,b,", ","), ("a,b,,", ",,"), ("a;b", ";"), ("sep=|\na|b", "")],
)
@pytest.mark.parametrize("size", [100, 7])
def test_nothing_behind_the_last_name_moves_no_cell(
    header: str, end: str, size: int, tmp_path: Path
) -> None:
    sign = header[-1] if not header[-1].isalpha() else header[-2]
    text = header + "\n" + "".join(f"{n}{sign}x{n % 3}{end}\n" for n in range(20))
    path = written(tmp_path, text)
    whole = read_files([path])
    assert whole["a"].tolist() == list(range(20))
    assert list(whole) == ["a", "b"]
    parts = file_batches([path], tmp_path, size)
    pd.testing.assert_frame_equal(whole, pd.concat(parts.read(), ignore_index=True))


def test_names_of_rows_are_passed_over(tmp_path: Path) -> None:
    frame = read_files([written(tmp_path, "a,b\nr1,1,x\nr2,2,y\n")])
    assert frame.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}


@pytest.mark.parametrize("text", ["a,b\n1,2\n1,2,3\n", "made today\na,b,c\n1,2,3\n", "a\n1,2,3\n"])
def test_refuses_cells_that_no_name_is_for(text: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"row \d below the header has 3 cells, the header"):
        read_files([written(tmp_path, text)])


@pytest.mark.parametrize("size", [100, 7])
@pytest.mark.parametrize(
    ("header", "names", "told"),
    [
        (",a,b", ["index", "a", "b"], "'index'; the first is taken for the rows' index"),
        ("a,,b", ["a", "column_2", "b"], "1 column without a name in the first line is called"),
        (",,b", ["index", "column_2", "b"], "2 columns without a name in the first line are"),
        (",index,b", ["column_1", "index", "b"], "'column_1'"),
        ("column_3,b,", ["column_3", "b", "column_3_"], "'column_3_'"),
    ],
)
def test_columns_without_a_name_are_called_by_their_place(
    header: str,
    names: list[str],
    told: str,
    size: int,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows = [f"{(7 * n) % 20},{n % 4},x{n % 3}" for n in range(20)]
    path = written(tmp_path, "\n".join([header, *rows]) + "\n")
    whole = read_files([path])
    assert list(whole) == names and told in caplog.text
    assert whole[names[0]].tolist() == [(7 * n) % 20 for n in range(20)]
    parts = file_batches([path], tmp_path, size)
    pd.testing.assert_frame_equal(whole, pd.concat(parts.read(), ignore_index=True))


def test_an_index_of_pandas_names_the_rows(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"x": rng.normal(size=200).round(2), "y": rng.choice(["a", "b"], 200)})
    for frame in (rows, rows.sample(frac=1.0, random_state=0)):
        frame.to_csv(tmp_path / "rows.csv")
        table = prepare_table(read_source(str(tmp_path / "rows.csv")).frame, "y")
        assert table.schema.kind_of("index") == "identifier"
    again = pd.read_csv(tmp_path / "rows.csv")  # which calls it so, and the next program keeps that
    assert prepare_table(again, "y").schema.kind_of("Unnamed: 0") == "identifier"


@pytest.mark.parametrize(
    ("cells", "dtype"),
    [
        ([f"{n * 3 % 70}.{n % 10}0" for n in range(90)], "float64"),
        ([f"{n * 7 % 91 - 45:+d}".replace("+0", "0") for n in range(90)], "int64"),
        ([f"{1.5**n:.2E}" for n in range(-45, 45)], "float64"),
        ([f"{n % 9 + 1}.{n % 8}e{n % 5}" for n in range(90)], "float64"),
        ([f"+{n}.5" if n else "0.0" for n in range(90)], "float64"),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "csv.gz"])
def test_numbers_are_written_as_they_were(
    cells: list[str], dtype: str, ending: str, tmp_path: Path
) -> None:
    real, made = tmp_path / f"real.{ending}", tmp_path / "made.csv"
    rows = pd.DataFrame({"it": cells, "y": np.resize(["a", "b"], len(cells))})
    rows.to_csv(real, index=False)
    source = read_source(str(real))
    assert source.frame["it"].dtype == dtype
    table = prepare_table(source.frame, "y", kept=source.forms)
    write_frame(table.frame, made, table.schema)
    assert pd.read_csv(made, dtype="str")["it"].tolist() == cells


def test_plain_numbers_have_no_form(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b,c\n" + "".join(f"{n},{n / 4},NA\n" for n in range(50)))
    assert not csv_form(path).numbers
