"""Times of day and lengths of time in text are numbers, and text again to the letter."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.config import ColumnKind, CopulaConfig, Sum
from components.data.constraints.written import _reaching
from components.data.foreign import read_incomplete
from components.data.forms.clock_forms import ClockForm
from components.data.forms.number_texts import NumberTexts
from components.data.inference import infer_kinds
from components.data.output import write_frame
from components.data.preparation import prepare_table
from components.data.schema import Schema
from components.errors import UserError
from components.models.copula.model import Copula
from components.models.private.domain import _in_range, _Stretches

NUM_ROWS = 300
SECONDS = np.random.default_rng(0).integers(0, 86_400, NUM_ROWS).tolist()


def clock(seconds: int, form: str) -> str:
    """A time of day as `strftime` writes it, `-` for no leading zero."""
    return (pd.Timestamp(0) + pd.Timedelta(seconds=seconds)).strftime(form)


def lasted(seconds: float) -> str:
    whole, part = divmod(round(seconds * 100), 100)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}.{part:02}"


FORMS = {
    "minutes": ([clock(s, "%H:%M") for s in SECONDS], [s // 60 for s in SECONDS]),
    "seconds": ([clock(s, "%H:%M:%S") for s in SECONDS], SECONDS),
    "half": ([clock(s, "%-I:%M %p") for s in SECONDS], [s // 60 for s in SECONDS]),
    "small": ([clock(s, "%I:%M:%S%p").lower() for s in SECONDS], SECONDS),
    "Uhr": ([clock(s, "%-H:%M Uhr") for s in SECONDS], [s // 60 for s in SECONDS]),
    "14h05": ([clock(s, "%Hh%M") for s in SECONDS], [s // 60 for s in SECONDS]),
    "long": ([lasted(s * 7 / 4) for s in SECONDS], [round(s * 7 / 4, 2) for s in SECONDS]),
    "pandas": ([str(pd.Timedelta(seconds=s * 9)) for s in SECONDS], [s * 9 for s in SECONDS]),
    "below": ([("-" if s % 2 else "") + clock(s, "%H:%M:%S") for s in SECONDS],
              [-s if s % 2 else s for s in SECONDS]),
}  # fmt: skip


def frame(values: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"it": values, "y": np.resize(["a", "b"], len(values))})


@pytest.mark.parametrize("name", FORMS)
def test_times_are_numbers_and_written_as_they_were(name: str, tmp_path: Path) -> None:
    texts, numbers = FORMS[name]
    table = prepare_table(frame(texts), "y")
    assert table.frame["it"].tolist() == pytest.approx(numbers)
    schema = Schema.model_validate_json(table.schema.model_dump_json())
    assert schema == table.schema
    write_frame(table.frame, tmp_path / "rows.csv", schema)
    assert pd.read_csv(tmp_path / "rows.csv")["it"].tolist() == texts
    again = read_incomplete(frame(texts), schema)
    assert again["it"].tolist() == pytest.approx(numbers)


def test_a_gap_is_one_and_another_word_is_refused() -> None:
    texts = ["n/a", "-", *FORMS["minutes"][0][2:]]
    read = prepare_table(frame(texts), "y").frame["it"]
    assert read.isna().sum() == 2
    with pytest.raises(UserError, match="1 row has 'soon'"):
        infer_kinds(frame(["soon", *texts[1:]]), "y", {})


def test_two_forms_are_refused_and_few_times_are_categories() -> None:
    both = FORMS["minutes"][0][:150] + FORMS["seconds"][0][150:]
    with pytest.raises(UserError, match=r"several forms, '.{5}' and '.{8}': write all in one"):
        infer_kinds(frame(both), "y", {})
    few = ["08:15", "12:00", "17:30"] * 100
    assert infer_kinds(frame(few), "y", {})["it"] is ColumnKind.CATEGORICAL
    whole = {"it": ColumnKind.INTEGER}
    assert prepare_table(frame(few), "y", kinds=whole).frame["it"].tolist()[:2] == [495, 720]


def test_what_is_no_time_is_none() -> None:
    for texts in (
        [f"{i % 24}:{i % 90 + 10}" for i in range(NUM_ROWS)],  # 90 minutes
        [f"{i % 16:02X}:{i % 60:02}:A{i % 10}" for i in range(NUM_ROWS)],
        [f"{i}:1" for i in range(NUM_ROWS)],
    ):
        numbers = NumberTexts()
        numbers.add(texts, np.ones(NUM_ROWS, dtype=np.int64))
        assert numbers.form is None


def test_a_day_begins_where_no_time_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    minutes = [(22 * 60 + 7 * k % 360) % 1440 for k in range(NUM_ROWS)]  # from 22:00 to 4:00
    texts = [f"{m // 60:02}:{m % 60:02}" for m in minutes]
    with caplog.at_level(logging.INFO):
        table = prepare_table(frame(texts), "y")
    assert "'08:15' is 1935, of days that begin at 13:00" in caplog.text
    column = table.schema["it"]
    assert (column.minimum, column.maximum) == (1320, 1320 + 359)
    write_frame(table.frame, tmp_path / "rows.csv", table.schema)
    assert pd.read_csv(tmp_path / "rows.csv")["it"].tolist() == texts
    write_frame(table.frame, tmp_path / "rows.parquet", table.schema)
    assert pd.read_parquet(tmp_path / "rows.parquet")["it"].tolist() == minutes
    model = Copula(CopulaConfig())
    model.fit(table, seed=0)
    write_frame(model.sample(500, seed=1), tmp_path / "made.csv", model.schema_)
    hours = pd.read_csv(tmp_path / "made.csv")["it"].str.slice(0, 2)
    assert set(hours) <= {"22", "23", "00", "01", "02", "03"}


@pytest.mark.parametrize(
    "minutes",
    [
        [k * 5 % 1440 for k in range(NUM_ROWS)],  # all day long
        [8 * 60 + k % 600 for k in range(NUM_ROWS)],  # midnight is empty, too
        [k % 180 if k else 23 * 60 + 50 for k in range(NUM_ROWS)],  # lengths, and a long one
    ],
)
def test_other_days_begin_at_midnight(minutes: list[int]) -> None:
    table = prepare_table(frame([f"{m // 60:02}:{m % 60:02}" for m in minutes]), "y")
    assert table.frame["it"].tolist() == minutes


def test_no_made_time_is_beyond_a_day(tmp_path: Path) -> None:
    table = prepare_table(frame(FORMS["minutes"][0]), "y")
    form = table.schema["it"].number_form
    assert isinstance(form, ClockForm) and form.range == (0, 1440)
    assert [form.text_of(each) for each in (1440.0, 1547.0, -5.0)] == ["00:00", "01:47", "23:55"]
    rows = frame([1439.0, 1500.0])
    write_frame(rows, tmp_path / "rows.parquet", table.schema)
    assert pd.read_parquet(tmp_path / "rows.parquet")["it"].tolist() == [1439, 60]
    ends = np.array([512.0, 1024.0]), np.array([1024.0, 2048.0])
    told = _Stretches(*ends, np.array([3.0, 4.0]), np.ones(2))
    assert _in_range(told, table.schema["it"]).high.tolist() == [1024, 1440]


def test_lengths_that_add_up_may_be_beyond_a_day() -> None:
    rng = np.random.default_rng(0)
    parts = rng.integers(0, 700, (NUM_ROWS, 2))
    minutes = {"one": parts[:, 0], "other": parts[:, 1], "total": parts.sum(axis=1)}
    texts = {name: [f"{m // 60:02}:{m % 60:02}" for m in made] for name, made in minutes.items()}
    rows = pd.DataFrame(texts).assign(y=rng.choice(["a", "b"], NUM_ROWS))
    total = Sum(total="total", parts=("one", "other"))
    table = prepare_table(rows, "y", constraints=[total])
    wide = _reaching(table.schema["total"], 0.0, 1500.0)
    assert wide.number_form is not None and wide.number_form.text_of(1500.0) == "25:00"
