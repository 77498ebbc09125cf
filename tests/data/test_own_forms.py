"""Lengths of time, angles, feet, fractions and sizes in text are numbers, and text again."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.config import ColumnKind
from components.data.cell_kinds import CellSummary
from components.data.foreign import read_incomplete
from components.data.forms.any_form import AnyForm
from components.data.forms.fraction_forms import FractionForm
from components.data.forms.number_texts import NumberTexts
from components.data.inference import infer_kinds
from components.data.output import write_frame
from components.data.preparation import prepare_table
from components.data.schema import Column, Schema
from components.data.sources import read_source
from components.errors import UserError

NUM_ROWS = 300
SECONDS = np.random.default_rng(0).integers(61, 300_000, NUM_ROWS).tolist()
MINUTES = [s // 60 for s in SECONDS]
EIGHTHS = [s % 97 for s in SECONDS]
PARTS = (("D", 86_400), ("H", 3_600), ("M", 60), ("S", 1))


def iso(seconds: int) -> str:
    """A length of time as ISO 8601 has it, without parts that are 0."""
    texts, left = [], seconds
    for sign, size in PARTS:
        count, left = divmod(left, size)
        texts.append(f"{count}{sign}" if count else "")
    time = "".join(texts[1:])
    return f"P{texts[0]}" + (f"T{time}" if time else "")


def fraction(eighths: int) -> str:
    whole, rest = divmod(eighths, 8)
    below = 8 // np.gcd(rest, 8)
    part = f"{rest * below // 8}/{below}"
    return f"{whole} {part}" if whole and rest else part if rest else str(whole)


def words(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return f"{hours} hour{'s' * (hours != 1)} {rest} minute{'s' * (rest != 1)}"


FORMS: dict[str, tuple[list[str], Sequence[float]]] = {
    "iso": ([iso(s) for s in SECONDS], SECONDS),
    "iso with zeros": ([pd.Timedelta(seconds=s).isoformat() for s in SECONDS], SECONDS),
    "iso below zero": ([f"-PT{m}M" if m % 2 else f"PT{m}M" for m in MINUTES],
                       [-m if m % 2 else m for m in MINUTES]),
    "8h 40m": ([f"{m // 60}h {m % 60}m" if m >= 60 else f"{m}m" for m in MINUTES], MINUTES),
    "2 h 5 min": ([f"{m // 60} h {m % 60} min" for m in MINUTES], MINUTES),
    "8h05m": ([f"{m // 60}h{m % 60:02}m" for m in MINUTES], MINUTES),
    "1d 4h": ([f"{m // 1440}d {m // 60 % 24}h" for m in MINUTES], [m // 60 for m in MINUTES]),
    "words": ([words(m) for m in MINUTES], MINUTES),
    "north": ([f"{m // 60 % 90}°{m % 60:02}'{'NS'[m % 2]}" for m in MINUTES],
              [(m % 5400) * (1 - 2 * (m % 2)) for m in MINUTES]),
    "degrees": ([f"{s % 90}.{s % 7}° {'EW'[s % 2]}" for s in SECONDS],
                [(s % 90 + s % 7 / 10) * (1 - 2 * (s % 2)) for s in SECONDS]),
    "feet": ([f"{m % 9 + 1}'{m % 12}\"" for m in MINUTES],
             [(m % 9 + 1) * 12 + m % 12 for m in MINUTES]),
    "fractions": ([fraction(k) for k in EIGHTHS], [k / 8 for k in EIGHTHS]),
    "inches": ([f'{fraction(k)}"' for k in EIGHTHS], [k / 8 for k in EIGHTHS]),
    "sizes": ([f"{s % 900 + 1}.{s % 10} {'KMG'[s % 3]}B" for s in SECONDS],
              [(s % 900 + 1 + s % 10 / 10) * 1000 ** (s % 3 + 1) for s in SECONDS]),
    "money": ([f"${s % 900 + 1}{'KM'[s % 2]}" for s in SECONDS],
              [(s % 900 + 1) * 1000 ** (s % 2 + 1) for s in SECONDS]),
    "points": ([f"{s % 101}/100" for s in SECONDS], [s % 101 for s in SECONDS]),
    "about": ([f"~{s}" for s in SECONDS], SECONDS),
    "zoned times": ([f"{s % 24:02}:{s % 60:02}+02:00" for s in SECONDS],
                    [s % 24 * 60 + s % 60 for s in SECONDS]),
    "pandas below zero": ([str(pd.Timedelta(seconds=s - 150_000)) for s in SECONDS],
                          [s - 150_000 for s in SECONDS]),
    "Python": ([str(timedelta(seconds=s)) for s in SECONDS], SECONDS),
    "Python below zero": ([str(timedelta(seconds=s - 150_000)) for s in SECONDS],
                          [s - 150_000 for s in SECONDS]),
}  # fmt: skip


def frame(values: Sequence[object]) -> pd.DataFrame:
    return pd.DataFrame({"it": values, "y": np.resize(["a", "b"], len(values))})


def kind_of(values: Sequence[object]) -> ColumnKind:
    return infer_kinds(frame(values), "y", {})["it"]


@pytest.mark.parametrize("name", FORMS)
def test_they_are_numbers_and_written_as_they_were(name: str, tmp_path: Path) -> None:
    texts, numbers = FORMS[name]
    frame([None, *texts[1:]]).to_csv(tmp_path / "real.csv", index=False)
    source = read_source(str(tmp_path / "real.csv"))
    table = prepare_table(source.frame, "y", kept=source.forms)
    assert table.frame["it"].tolist()[1:] == pytest.approx(list(numbers)[1:])
    schema = Schema.model_validate_json(table.schema.model_dump_json())
    assert schema == table.schema
    write_frame(table.frame, tmp_path / "rows.csv", schema)
    assert pd.read_csv(tmp_path / "rows.csv")["it"].tolist()[1:] == texts[1:]
    again = read_incomplete(frame(texts), schema)
    assert again["it"].tolist() == pytest.approx(list(numbers))
    write_frame(table.frame, tmp_path / "rows.parquet", schema)
    held = pq.read_table(tmp_path / "rows.parquet")["it"].to_pylist()[1:]
    assert held == pytest.approx(list(numbers)[1:])


def form_of(texts: Sequence[str]) -> AnyForm:
    numbers = NumberTexts()
    numbers.add(texts, np.ones(len(texts), dtype=np.int64))
    assert numbers.form is not None
    return numbers.form


@pytest.mark.parametrize(
    ("texts", "number", "text"),
    [
        (["PT8H40M", "PT1H"], 59.0, "PT59M"),
        (["PT8H40M", "P3DT12H"], 3 * 1440.0, "P3D"),
        (["PT8H0M", "PT1H5M"], 59.0, "PT0H59M"),
        (["PT1.5S", "PT2M"], 0.0, "PT0S"),
        (["PT1M2,5S"], 60.25, "PT1M0,2S"),
        (["P2W", "P1W3D"], 17.0, "P2W3D"),
        (["1h 5m", "23m"], 1440.0, "24h"),
        (["2 hours 1 minute", "1 hour 5 minutes"], 121.0, "2 hours 1 minute"),
        (["5'11\"", "6'0\""], 61.0, "5'1\""),
        (["3'45\"", "3'5\""], 61.0, "1'1\""),
        (["48°51'30.5\"N", "1°0'0.25\"S"], -3661.5, "1°1'1.5\"S"),
        (["1/2", "3", "1 1/4"], -0.75, "-3/4"),
        (["1-1/2", "3/4"], 2.3, "2-1/4"),
        (["1.5K", "900", "2.25M"], 1234.0, "1.23K"),
        (["1 KiB", "2 MiB"], 2048.0, "2 KiB"),
    ],
)
def test_a_number_is_written_as_the_others(texts: list[str], number: float, text: str) -> None:
    form = form_of(texts)
    assert form.text_of(number) == text
    written = [form.text_of(each) for each in form.numbers_in(pa.array(texts, pa.large_string()))]
    assert written == texts


def test_a_word_among_them_is_a_gap_or_refused() -> None:
    texts = FORMS["8h 40m"][0]
    assert prepare_table(frame(["n/a", *texts[1:]]), "y").frame["it"].isna().sum() == 1
    with pytest.raises(UserError, match="1 row has 'soon'"):
        kind_of(["soon", *texts[1:]])
    mixed = [text.replace(" ", "") if n % 2 else text for n, text in enumerate(texts)]
    with pytest.raises(UserError, match="several forms, "):
        kind_of(mixed)


def test_dates_scores_and_codes_are_no_fractions_or_parts() -> None:
    for texts in (
        [f"{k % 12 + 1}/{k % 27 + 1}" for k in range(NUM_ROWS)],
        [f"{k % 12 + 1:02}/{k % 27 + 1:02}" for k in range(NUM_ROWS)],
        [f"P{k % 90}M{k % 70}" for k in range(NUM_ROWS)],
        [f"{k % 90}{'ABCDEFGHKM'[k % 10]}" for k in range(NUM_ROWS)],
        [f"{k % 24}h {k % 90 + 9}m" for k in range(NUM_ROWS)],  # of 90 minutes
    ):
        numbers = NumberTexts()
        numbers.add(texts, np.ones(NUM_ROWS, dtype=np.int64))
        assert numbers.form is None, texts[:3]


def test_fractions_are_the_nearest_in_parquet_too(tmp_path: Path) -> None:
    schema = prepare_table(frame(FORMS["fractions"][0]), "y").schema
    assert isinstance(schema["it"].number_form, FractionForm)
    made = frame([1.26, np.nan] * 50)
    write_frame(made, tmp_path / "rows.parquet", schema)
    assert pd.read_parquet(tmp_path / "rows.parquet")["it"].dropna().unique().tolist() == [1.25]


def test_a_schema_from_before_is_read() -> None:
    clock = {"clock": "minutes", "hours": 2, "has_days": False, "digits": [0], "mark": "."}
    old = {"name": "it", "kind": "integer", "dtype": "int64", "number_form": clock}
    column = Column.model_validate(old)
    assert column.number_form is not None and column.number_form.text_of(61.0) == "01:01"
    assert "begins" not in column.model_dump_json()


PAIRS = {
    "pressure": [f"{95 + s % 80}/{55 + s % 60}" for s in SECONDS],
    "size": [f"{640 + s % 1000} x {48 + s % 900}" for s in SECONDS],
    "place": [f"{47 + s % 900 / 100:.4f},{6 + s % 77 / 100:.4f}" for s in SECONDS],
    "bracketed": [f"({47 + s % 900 / 100:.4f}, {6 + s % 77 / 100:.4f})" for s in SECONDS],
    "range": [f"{s % 900}-{s % 900 + s % 70 + 1}" for s in SECONDS],
    "error": [f"{s % 90 / 10} ± {s % 9 / 10}" for s in SECONDS],
}


@pytest.mark.parametrize("name", PAIRS)
def test_two_numbers_in_a_cell_are_refused_with_what_can_be_done(name: str) -> None:
    with pytest.raises(UserError, match=r"two numbers in each cell, such as .* column of its own"):
        kind_of(PAIRS[name])
    declared = infer_kinds(frame(PAIRS[name]), "y", {"it": ColumnKind.CATEGORICAL})
    assert declared["it"] is ColumnKind.CATEGORICAL
    assert kind_of([PAIRS[name][k % 9] for k in range(NUM_ROWS)]) is ColumnKind.CATEGORICAL


@pytest.mark.parametrize(
    "texts",
    [
        [f"{s % 999:03}-{s % 97:02}-{s % 9999:04}" for s in SECONDS],
        [f"{s % 999:03}-{s % 9999:04}" for s in SECONDS],
        [f"20{s % 24:02}/{s:06}" for s in SECONDS],
        [f"1.{s % 30}.{s % 9}" for s in SECONDS],
        [f"{s % 9}-{s % 8}" for s in SECONDS],
    ],
)
def test_codes_and_scores_are_no_pairs(texts: list[str]) -> None:
    cells = CellSummary()
    cells.add(texts, np.ones(len(texts), dtype=np.int64))
    assert not cells.are_pairs and not cells.are_structures


@pytest.mark.parametrize(
    "texts",
    [
        [f'{{"a": {s}, "b": "x"}}' for s in SECONDS],
        [f"[{s % 100}, {s % 7}]" for s in SECONDS],
        [str([f"tag{k}" for k in range(s % 5)] + [s]) for s in SECONDS],
    ],
)
def test_lists_and_records_in_text_are_refused_unless_few(texts: list[str]) -> None:
    with pytest.raises(UserError, match=r"lists or records in text, such as .* identifier"):
        kind_of(texts)
    assert kind_of([texts[k % 5] for k in range(NUM_ROWS)]) is ColumnKind.CATEGORICAL


def test_texts_that_hardly_come_again_are_made_anew(caplog: pytest.LogCaptureFixture) -> None:
    mails = [f"{chr(97 + s % 26)}{s}@mail.com" for s in SECONDS]
    some = [None if k % 10 == 0 else mail for k, mail in enumerate(mails)]
    some[1] = some[2]
    assert kind_of(some) is ColumnKind.IDENTIFIER
    assert "another in nearly each row" in caplog.text and "it: categorical" in caplog.text
    assert kind_of([mails[k % 100] for k in range(NUM_ROWS)]) is ColumnKind.CATEGORICAL
