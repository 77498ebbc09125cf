"""Dates in text: a column's format is told from all its values, kept, and used to read others."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.config import CopulaConfig
from components.data.conditions import code_condition
from components.data.foreign import read_foreign
from components.data.forms.dates import COMPACT, FORMATS, DateFormats, read_dates, read_what_is_date
from components.data.forms.period_dates import QUARTERS, WEEKS
from components.data.inference import infer_kinds
from components.data.output import write_frame, write_frames
from components.data.preparation import prepare_table
from components.data.schema import ColumnKind
from components.data.summaries import summarise
from components.data.windows import labelled_rows
from components.errors import UserError
from components.models.copula.model import Copula
from components.monitoring.reading import _to_numbers
from tests.data.drawn import drawn_and_written

DATE = ColumnKind.DATETIME
DAYS = pd.Series(pd.date_range("2021-11-28 10:20:30", "2023-02-03", periods=120)).dt.floor("s")


def visits(format_: str, times: pd.Series = DAYS) -> pd.DataFrame:
    classes = np.random.default_rng(0).choice(["a", "b"], len(times))
    return pd.DataFrame({"when": times.dt.strftime(format_), "y": classes})


def test_every_format_is_told_from_values_that_need_it() -> None:
    for format_ in [each for each in FORMATS if each not in (*QUARTERS, *WEEKS)]:
        formats = DateFormats()
        texts = DAYS.dt.strftime(format_)
        for batch in (texts[:1], texts[1:50], texts[50:]):
            formats.add(batch.unique())
        assert formats.found is not None, format_
        again = pd.to_datetime(texts, format=formats.found)
        assert (again == pd.to_datetime(texts, format=format_)).all(), format_


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["1/2/2022", "3/4/2022", "26/4/2022"], "%-d/%-m/%Y"),
        (["1/2/2022", "3/4/2022", "4/26/2022"], "%-m/%-d/%Y"),
        (["1/2/2022", "3/04/2022", "4/26/2022"], "%m/%d/%Y"),
        (["26/4/05", "13/4/22"], "%-d/%-m/%y"),
        (["4/26/22 09:05", "4/27/22 10:05"], "%-m/%-d/%y %H:%M"),
        (["2021Q1", "2022Q4"], "%YQ%q"),
        (["2021Q1", "2022Q5"], None),
        (["2020-W53", "2021-W01"], "%G-W%V"),
        (["2020-W53", "2021-W53"], None),
        (["01/01/2022", "01/02/2022", "01/03/2022"], "%d/%m/%Y"),  # of every month the first day
        (["01/15/2022", "02/15/2022"], "%m/%d/%Y"),
        (["01/02/2022", "03/04/2022"], None),
        (["01.02.2022", "03.04.2022"], "%d.%m.%Y"),
        (["01/02/2022", "26/04/2022", "04/26/2022"], None),
        (["26/04/2022", "26/04/2022 10:30"], None),
        (["26/04/2022", "soon"], None),
        (["31/02/2022"], None),
        (["2022-04", "1999-12"], "%Y-%m"),
        (["2022-04", "1999-13"], None),
        (["04/2022", "12/1999"], "%m/%Y"),
        (["Apr-2022", "Dec-1999"], "%b-%Y"),
        (["Wed 01 Jan 2020", "Thu 02 Jan 2020"], "%a %d %b %Y"),
        (["2022-04-26 10:00:00.250", "2022-04-26 10:00:00.500"], "%Y-%m-%d %H:%M:%S.%3f"),
        (["2022-04-26 10:00:00.25", "2022-04-26 10:00:00.5"], "%Y-%m-%d %H:%M:%S.%f"),
        (["2022-04-26T10:00:00Z", "2022-04-26T10:00:00Z"], "%Y-%m-%dT%H:%M:%SZ"),
        (["2022-04-26 10:00:00+02", "2022-01-26 10:00:00+02"], "%Y-%m-%d %H:%M:%S+02"),
        (["2022-04-26T10:00-0300", "2022-01-26T10:00-0200"], "%Y-%m-%dT%H:%M+0000"),
        (["2022-04-26T10:00Z", "2022-01-26T10:00+01:00"], "%Y-%m-%dT%H:%M+00:00"),
        (["2022-04-26T10:00Z", "2022-01-26T10:00"], None),
        (["1/2", "3/4"], None),
        (["10.5.1", "2.0.17"], None),
        ([7, "26/04/2022"], None),
        ([], None),
    ],
)
def test_what_tells_the_day_from_the_month(texts: list[object], found: str | None) -> None:
    whole, parts = DateFormats(), DateFormats()
    whole.add(texts)
    for text in texts:
        parts.add([text])
    assert whole.found == parts.found == found


@pytest.mark.parametrize("batch", [1, 7, 120])
def test_a_table_in_batches_is_told_as_a_whole_one(batch: int) -> None:
    frame = visits("%d/%m/%Y")
    batches = [frame[i : i + batch] for i in range(0, len(frame), batch)]
    found = summarise(batches, dict(frame.dtypes), "y", {})["when"]
    assert found.date_formats.found == "%d/%m/%Y"
    table = prepare_table(frame, "y")
    assert table.schema["when"].kind is ColumnKind.DATETIME
    assert (table.frame["when"] == DAYS.dt.normalize()).all()


def test_a_day_that_cannot_be_told_is_a_category_and_said(caplog: pytest.LogCaptureFixture) -> None:
    early = (
        pd.Series(pd.date_range("2022-01-02", periods=8))
        .repeat(
            10,
        )
        .reset_index(drop=True)
    )
    frame = visits("%d/%m/%Y", early + pd.to_timedelta(31 * (early.index % 3), "D"))
    frame = frame[frame["when"].str[:2].astype(int) < 13].reset_index(drop=True)
    assert infer_kinds(frame, "y", {})["when"] is ColumnKind.CATEGORICAL
    assert "'when' looks like dates" in caplog.text
    kinds = infer_kinds(frame, "y", {"when": ColumnKind.CATEGORICAL})
    assert kinds["when"] is ColumnKind.CATEGORICAL
    assert caplog.text.count("looks like dates") == 1


def test_a_declared_category_stays_one() -> None:
    table = prepare_table(visits("%d/%m/%Y"), "y", kinds={"when": ColumnKind.CATEGORICAL})
    assert table.schema["when"].kind is ColumnKind.CATEGORICAL
    assert table.schema["when"].written is None


def test_other_rows_are_read_as_the_schema_has_it() -> None:
    frame = visits("%d/%m/%Y")
    schema = prepare_table(frame, "y").schema
    ambiguous = pd.DataFrame({"when": ["01/02/2022", "2022-02-01"], "y": ["a", "b"]})
    assert labelled_rows(ambiguous, schema)["when"].tolist() == [pd.Timestamp("2022-02-01")] * 2
    assert len(set(_to_numbers(ambiguous["when"], schema["when"]))) == 1
    (code,) = code_condition({"when": "01/02/2022"}, schema).values()
    assert pd.Timestamp(code, unit="us") == pd.Timestamp("2022-02-01")


def test_rows_of_others_may_be_iso_dates_and_times() -> None:
    frame = visits("%d/%m/%Y")
    typed = frame.assign(when=DAYS.dt.normalize())
    read = read_foreign(frame[:60], frame[60:], typed, "y")
    assert (read.synthetic.frame["when"] == DAYS.dt.normalize()).all()
    assert (read.test.frame["when"] == DAYS[60:].dt.normalize().reset_index(drop=True)).all()
    iso = read_foreign(frame[:60], frame[60:], visits("%Y-%m-%d"), "y")
    assert (iso.synthetic.frame["when"] == DAYS.dt.normalize()).all()


def test_iso_dates_may_have_a_time_or_none() -> None:
    frame = visits("%Y-%m-%d").assign(y=np.resize(["a", "b"], len(DAYS)))
    frame.loc[5, "when"] += " 10:20:30"
    schema = prepare_table(frame, "y").schema
    assert schema["when"].kind is ColumnKind.DATETIME and schema["when"].step == 30e6
    with pytest.raises(UserError, match="read as datetime: 'soon' is no date written as"):
        prepare_table(frame.assign(when=["soon", *frame["when"][1:]]), "y", kinds={"when": DATE})


def test_days_stay_days_however_far_off() -> None:
    frame = visits("%Y-%m-%d")
    frame.loc[::9, "when"] = "9999-12-31"
    model = Copula(CopulaConfig(crowd=1))
    model.fit(prepare_table(frame, "y"), seed=0)
    drawn = model.sample(500, seed=0)["when"].dropna()
    assert (drawn == drawn.dt.normalize()).all() and drawn.dt.year.max() == 9999


def test_drawn_rows_are_written_as_the_source_is(tmp_path: Path) -> None:
    frame = visits("%d/%m/%Y %H:%M").assign(when=lambda rows: rows["when"].where(rows.index != 3))
    table = prepare_table(frame, "y")
    drawn, texts = drawn_and_written(table, "when", tmp_path / "drawn.csv")
    assert texts.dropna().str.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d").all()
    assert texts.isna().sum() == drawn["when"].isna().sum()
    write_frame(drawn, tmp_path / "drawn.parquet", table.schema)
    assert pd.read_parquet(tmp_path / "drawn.parquet")["when"].dtype == "datetime64[us]"


def test_a_schema_remembers_and_one_without_stays_as_it_was(tmp_path: Path) -> None:
    for frame in (visits("%d/%m/%Y"), visits("").assign(when=DAYS)):
        schema = prepare_table(frame, "y").schema
        schema.save(tmp_path / "schema.json")
        assert type(schema).load(tmp_path / "schema.json") == schema
        is_text = frame["when"].dtype == "str"
        assert ("written" in (tmp_path / "schema.json").read_text()) is is_text


def compact(rows: int = 120) -> pd.DataFrame:
    frame = visits("%Y%m%d")[:rows]
    return frame.assign(when=frame["when"].astype(int))


@pytest.mark.parametrize("dtype", ["int64", "float64", "Int64"])
def test_whole_numbers_that_are_all_days_are_dates(dtype: str, tmp_path: Path) -> None:
    frame = compact().astype({"when": dtype})
    if dtype != "int64":
        frame["when"] = frame["when"].mask(frame.index % 9 == 8)
    table = prepare_table(frame, "y")
    assert table.schema["when"].kind is DATE
    expected = DAYS.dt.normalize().where(frame["when"].notna())
    assert (table.frame["when"].dropna() == expected.dropna()).all()
    write_frame(table.frame, tmp_path / "rows.csv", table.schema)
    again = pd.read_csv(tmp_path / "rows.csv", dtype={"when": "Int64"})["when"]
    assert again.dropna().tolist() == frame["when"].dropna().astype(int).tolist()
    numbers = _to_numbers(frame["when"], table.schema["when"])
    assert (np.isnan(numbers) == frame["when"].isna()).all()
    if dtype == "int64":
        read = read_foreign(frame[:60], frame[60:], visits("%Y-%m-%d"), "y")
        assert (read.synthetic.frame["when"] == DAYS.dt.normalize()).all()


@pytest.mark.parametrize("other", [20240230, 20241301, 7, 30240101])
def test_numbers_of_which_one_is_no_day_are_numbers(other: int) -> None:
    frame = compact()
    frame.loc[0, "when"] = other
    assert infer_kinds(frame, "y", {})["when"] is ColumnKind.INTEGER
    assert read_what_is_date(frame["when"], COMPACT).isna().tolist() == [True, *[False] * 119]
    with pytest.raises(UserError, match=r"'when' cannot be read as datetime: .* is a number"):
        prepare_table(frame, "y", kinds={"when": DATE})


def test_numbers_that_are_days_may_be_declared_numbers_or_predicted() -> None:
    kinds = infer_kinds(compact(), "y", {"when": ColumnKind.INTEGER})
    assert kinds["when"] is ColumnKind.INTEGER
    assert infer_kinds(compact(), "when", {})["when"] is ColumnKind.INTEGER


@pytest.mark.filterwarnings("error")
def test_dates_of_a_form_that_was_not_known_are_read_day_first_where_points_say_so() -> None:
    texts = pd.Series(["03.04.2023 10:00", None, "05.06.2023 11:00"])
    assert read_dates(texts, None).dt.strftime("%d %m").tolist() == ["03 04", np.nan, "05 06"]


def test_numbers_are_no_dates() -> None:
    with pytest.raises(ValueError, match="1681942800 is a number: write dates as"):
        read_dates(pd.Series([1_681_942_800, 1_681_946_400]), None)


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize(
    "format_",
    [
        "%Y-%m-%d",
        "%Y-%m-%d 00:00:00",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%dT%H:%M:%S.125Z",
        "%Y-%m-%d %H:%M:%S.5",
        "%d/%m/%Y %H:%M:%S.050",
        "%Y-%m-%dT%H:%M:%S+05:30",
        "%Y-%m-%d %H:%M:%S.125-03",
    ],
)
def test_times_are_written_as_they_came(format_: str, parts: int, tmp_path: Path) -> None:
    frame = visits(format_)
    frame.loc[3, "when"] = None
    table = prepare_table(frame, "y")
    assert table.schema["when"].kind is DATE
    rows = [table.frame[i::parts] for i in range(parts)]
    write_frames(rows, tmp_path / "rows.csv", table.schema)
    written = pd.read_csv(tmp_path / "rows.csv", dtype="str")["when"]
    expected = pd.concat([frame["when"][i::parts] for i in range(parts)])
    assert written.fillna("").tolist() == expected.fillna("").tolist()


def test_times_of_several_zones_are_written_in_utc(tmp_path: Path) -> None:
    local = pd.Series(pd.date_range("2022-03-26", periods=120, freq="7h13min", tz="Europe/Berlin"))
    table = prepare_table(visits("").assign(when=[time.isoformat() for time in local]), "y")
    write_frame(table.frame, tmp_path / "rows.csv", table.schema)
    written = pd.read_csv(tmp_path / "rows.csv")["when"]
    assert written.str.endswith("+00:00").all() and written[0] == "2022-03-25T23:00:00+00:00"
    assert (pd.to_datetime(written) == local).all()


def test_a_zone_is_told_and_left(caplog: pytest.LogCaptureFixture) -> None:
    local = DAYS.dt.tz_localize("Europe/Berlin")
    texts = visits("").assign(when=[time.isoformat() for time in local])
    for frame in (texts, texts.assign(when=local)):
        caplog.clear()
        table = prepare_table(frame, "y")
        assert (table.frame["when"] == local.dt.tz_convert("UTC").dt.tz_localize(None)).all()
        assert "'when' holds times of a zone, such as '2021-11-28" in caplog.text
    prepare_table(visits("%Y-%m-%dT%H:%M:%SZ"), "y")
    assert "2021-11-28T10:20:30Z" not in caplog.text


def test_no_order_of_day_and_month_is_guessed() -> None:
    schema = prepare_table(visits("%Y-%m-%d"), "y").schema
    with pytest.raises(UserError, match="condition"):
        code_condition({"when": "01/02/2022"}, schema)
    (code,) = code_condition({"when": "26/04/2022"}, schema).values()
    assert pd.Timestamp(code, unit="us") == pd.Timestamp("2022-04-26")


@pytest.mark.parametrize(
    ("form", "apart"),
    [
        ("%-m/%-d/%y", "36h"),
        ("%-d.%-m.%Y", "36h"),
        ("%Y/%-m/%-d %H:%M", "601min"),
        ("%-m/%-d/%Y %-I:%M %p", "601min"),
        ("%m/%d/%Y %-H:%M", "601min"),
        ("%b %-d, %Y", "36h"),
        ("%Y-%-m-%-d", "36h"),
        ("%G-W%V", "7D"),
        ("%Y-%m-%d %H:%M:%S UTC", "601s"),
    ],
)
def test_dates_without_zeros_weeks_and_named_utc_are_written_so(
    form: str, apart: str, tmp_path: Path
) -> None:
    texts = pd.Series(pd.date_range("2021-01-04", periods=300, freq=apart)).dt.strftime(form)
    check_written(texts.tolist(), form, tmp_path)


@pytest.mark.parametrize("form", ["%YQ%q", "%Y-Q%q", "Q%q %Y", "Q%q/%Y"])
def test_quarters_are_dates_and_written_so(form: str, tmp_path: Path) -> None:
    years = [form.replace("%Y", str(1960 + n % 60)) for n in range(99)]
    texts = [year.replace("%q", str(n % 4 + 1)) for n, year in enumerate(years)]
    check_written(texts, form, tmp_path)


def check_written(texts: list[str], form: str, folder: Path) -> None:
    """Texts are dates in this format, and written and read by it again."""
    table = prepare_table(pd.DataFrame({"it": texts, "y": np.resize(["a", "b"], len(texts))}), "y")
    column = table.schema["it"]
    assert (column.kind, column.written) == (DATE, form)
    write_frame(table.frame, folder / "rows.csv", table.schema)
    assert pd.read_csv(folder / "rows.csv")["it"].tolist() == texts
    others = pd.Series([*texts, "soon"], dtype="str")
    assert read_what_is_date(others, form).isna().tolist() == [False] * len(texts) + [True]


def test_zones_by_their_names_are_told() -> None:
    times = [
        f"2024-02-{n % 28 + 1:02} 10:00:{n % 60:02} {'CET' if n % 2 else 'CEST'}" for n in range(90)
    ]
    table = pd.DataFrame({"it": times, "y": ["a", "b"] * 45})
    with pytest.raises(UserError, match=r"zones by their names, as in '.* CEST', are not read"):
        prepare_table(table, "y")


def test_a_column_of_dates_without_any_is_read() -> None:
    nothing = pd.Series([None, None], dtype="str")
    assert read_dates(nothing, None).isna().all()
