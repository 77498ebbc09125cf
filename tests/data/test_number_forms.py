"""Numbers in text are read and written in the form that their whole column has."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from components.config import ColumnKind
from components.data.batches import frame_batches
from components.data.conditions import code_condition
from components.data.conformed import ConformedRows
from components.data.foreign import read_foreign, read_incomplete
from components.data.forms.number_forms import (
    NumberForm,
    read_numbers,
    read_what_is_number,
    write_numbers,
)
from components.data.forms.number_texts import NumberTexts
from components.data.output import write_frame
from components.data.preparation import prepare_table
from components.data.schema import Column, Schema
from components.data.windows import labelled_rows
from components.errors import UserError
from components.monitoring.reading import Reader
from tests.data.drawn import drawn_and_written

NUM_ROWS = 120
AMOUNTS = np.round(np.random.default_rng(0).normal(900, 900, NUM_ROWS), 2)
PRICES = [f"-${-a:,.2f}" if a < 0 else f"${a:,.2f}" for a in AMOUNTS]

CANONICAL = {
    "dollars": (["$1,234.50", "-$5.00", "$0.00", "$12,345,678.90"], [1234.5, -5, 0, 12345678.9]),
    "euros": (["1.234,50 €", "-0,05 €", "999,00 €"], [1234.5, -0.05, 999]),
    "percent": (["12%", "-3%", "0%"], [12, -3, 0]),
    "accounts": (["(1,234.50)", "5.00", "0.25"], [-1234.5, 5, 0.25]),
    "accounts in money": (["($1,234.50)", "$5.00"], [-1234.5, 5]),
    "currency": (["USD 12.00", "USD -1234.25"], [12, -1234.25]),
    "unit": (["3 kg", "1.25 kg", "0.5 kg", "-12 kg"], [3, 1.25, 0.5, -12]),
    "apostrophes": (["1'234.50", "999.99"], [1234.5, 999.99]),
    "typographic": (["1\u2019234\u2019567", "12", "\u22123"], [1234567, 12, -3]),
    "spaces": (["12 345,6", "0,1"], [12345.6, 0.1]),
    "no-break": (["1\u202f234,50\u00a0€", "\u22122,00\u00a0€"], [1234.5, -2]),
    "pluses": (["+1.5%", "-2.0%", "0.0%"], [1.5, -2, 0]),
    "whole or cents": (["$5", "$5.50", "$1,200"], [5, 5.5, 1200]),
    "as Python writes": (["5.0", "0.25", "-1.125"], [5, 0.25, -1.125]),
    "without zeros": ([".5", "12.75", "-.25"], [0.5, 12.75, -0.25]),
    "lakhs": (["1,79,220", "12,34,56,789", "999", "-45,000"], [179220, 123456789, 999, -45000]),
    "lakhs of rupees": (["₹1,79,220.50", "₹999.00"], [179220.5, 999]),
    "singular": (["12 minutes", "1 minute", "120 minutes"], [12, 1, 120]),
    "a day": (["-3 days", "1 day", "0 days"], [-3, 1, 0]),
    "words": (["12 minutes", "7 minutes", "120 minutes"], [12, 7, 120]),
    "thousands alone": (["1,234,567", "12", "1,000"], [1234567, 12, 1000]),
    "per": (["12 km/h", "7.5 km/h"], [12, 7.5]),
    "degrees": (["\u22123.5 °C", "21.0 °C"], [-3.5, 21]),
}


def told(texts: list[str], declared: ColumnKind | None = None) -> NumberTexts:
    found = NumberTexts(declared)
    found.add(texts, np.ones(len(texts), dtype=np.int64))
    return found


@pytest.mark.parametrize("name", CANONICAL)
def test_what_is_read_is_written_again_to_the_letter(name: str) -> None:
    texts, numbers = CANONICAL[name]
    form = told(texts).form
    assert form is not None
    read = read_numbers(pd.Series([*texts, None, " n/a "]), form)
    assert read.tolist()[:-2] == numbers and read[-2:].isna().all()
    again = write_numbers(read.to_frame("it"), {"it": form})["it"]
    assert again.tolist()[:-2] == texts and again[-2:].isna().all()


@pytest.mark.parametrize("digits", [0, 1, 2, 6])
@pytest.mark.parametrize(("gap", "mark"), [("", "."), (",", "."), (".", ","), (" ", ",")])
def test_any_number_comes_back_as_it_was(gap: str, mark: str, digits: int) -> None:
    numbers = np.round(
        np.random.default_rng(digits).normal(0, 10 ** np.arange(8), (200, 8)), digits
    )
    signs = str.maketrans({",": gap, ".": mark})
    texts = pd.Series([f"{x:,.{digits}f}".translate(signs) + " kg" for x in numbers.ravel() + 0.0])
    form = told(texts.tolist()).form
    assert form is not None and form.digits == (digits,)
    read = read_numbers(texts, form)
    assert np.array_equal(read, numbers.ravel())
    assert write_numbers(read.to_frame("it"), {"it": form})["it"].equals(texts)


def test_numbers_with_other_digits_lose_none() -> None:
    form = NumberForm(gap=",", digits=(2,))
    numbers = (1234.125, 1e-7, 1e15, 12.0, 0.1 + 0.2, -0.0)
    assert [*map(form.text_of, numbers)] == [
        "1,234.125",
        "0.0000001",
        "1,000,000,000,000,000.00",
        "12.00",
        "0.30000000000000004",
        "0.00",
    ]


def test_a_word_that_no_row_had_a_1_of_is_read_without_its_s() -> None:
    form = told(["12 minutes", "7 minutes"]).form
    assert form is not None
    read, is_unread = read_what_is_number(pd.Series(["1 minute", "3 minutes", "1 hour"]), form)
    assert read[:2].tolist() == [1, 3] and is_unread.tolist() == [False, False, True]


def test_what_is_in_another_form_is_not_read() -> None:
    form = NumberForm(before="$", gap=",", below=("-$", ""), above=("$", ""))
    texts = ["$5", "5", "5 $", "€5", "$1,23", "$1.234,5", "($5", "(-$5)", "$", "$1e5", "soon", "-"]
    read, is_unread = read_what_is_number(pd.Series(texts), form)
    assert read.notna().tolist() == [True] + [False] * 11
    assert is_unread.tolist() == [False] + [True] * 10 + [False]
    with pytest.raises(ValueError, match=r"'5' is no number such as '\$1,234.5'"):
        read_numbers(pd.Series(texts), form)
    numbers, _ = read_what_is_number(pd.Series([1.5, None]), form)
    assert numbers[0] == 1.5  # numbers are no text, and stay what they are


def test_negative_numbers_are_read_also_where_none_was_met() -> None:
    form = told(["$5.00", "$12.50"]).form
    assert form is not None and form.text_of(-5) == "-$5.00"
    read = read_numbers(pd.Series(["-$5.00", "$-5.00", "($5.00)", "\u2212$5.00"]), form)
    assert (read == -5).all()


@pytest.mark.parametrize(
    ("met", "new", "number"),
    [
        ("5.25 kg", "1,234.5 kg", 1234.5),  # where the mark is known, others part thousands
        ("5,25 kg", "1.234 kg", 1234),
        ("5,25 kg", "1.234.567,8 kg", 1234567.8),
        ("1.234.567 kg", "0,5 kg", 0.5),  # and where the gap is, others are the mark
        ("1'234 kg", "0,5 kg", 0.5),
        ("5 kg", "12,5 kg", 12.5),
        ("5 kg", "1,234 kg", None),
        ("5 kg", "1,234.5 kg", None),
        ("5.25 kg", "12,5 kg", None),
        ("1,234.5 kg", "1.234.567 kg", None),
    ],
)
def test_what_was_not_met_is_read_where_only_one_thing_can_be_meant(
    met: str, new: str, number: float | None
) -> None:
    form = told([met]).form
    assert form is not None
    (read,), _ = read_what_is_number(pd.Series([new]), form)
    assert read == number if number is not None else np.isnan(read)


def frame(prices: list[str] = PRICES) -> pd.DataFrame:
    return pd.DataFrame({"price": prices, "y": np.resize(["a", "b"], len(prices))})


def test_a_table_is_read_written_and_read_again(tmp_path: Path) -> None:
    table = prepare_table(frame(), "y")
    column = table.schema["price"]
    assert (column.kind, column.decimals, column.dtype) == (ColumnKind.NUMERICAL, 2, "float64")
    assert table.frame["price"].tolist() == AMOUNTS.tolist()
    write_frame(table.frame, tmp_path / "rows.csv", table.schema)
    assert pd.read_csv(tmp_path / "rows.csv").equals(frame())
    write_frame(table.frame, tmp_path / "rows.parquet", table.schema)  # as dates are
    assert pd.read_parquet(tmp_path / "rows.parquet")["price"].tolist() == AMOUNTS.tolist()


def test_drawn_rows_are_written_as_the_source_is(tmp_path: Path) -> None:
    gaps = ["-" if i % 10 == 0 else price for i, price in enumerate(PRICES)]
    table = prepare_table(frame(gaps), "y")
    drawn, texts = drawn_and_written(table, "price", tmp_path / "drawn.csv")
    assert texts.dropna().str.fullmatch(r"-?\$(\d|\d\d|\d{3}|\d,\d{3})\.\d\d").all()
    assert texts.isna().sum() == drawn["price"].isna().sum() > 0


def test_whole_numbers_in_text_are_whole(tmp_path: Path) -> None:
    weights = [f"{7 * i} kg" if i % 9 else "n/a" for i in range(NUM_ROWS)]
    table = prepare_table(frame(weights), "y")
    column = table.schema["price"]
    assert (column.kind, column.step, column.nullable) == (ColumnKind.INTEGER, 7, True)
    assert table.frame["price"].dtype == "Int64" and table.frame["price"][2] == 14
    write_frame(table.frame, tmp_path / "rows.csv", table.schema)
    told = pd.read_csv(tmp_path / "rows.csv", keep_default_na=False)["price"]
    assert told.tolist() == [weight.replace("n/a", "") for weight in weights]


@pytest.mark.parametrize("batch", [1, 7, 120])
def test_a_table_in_batches_is_told_as_a_whole_one(batch: int) -> None:
    rows = frame(["--" if i % 10 == 3 else price for i, price in enumerate(PRICES)])
    whole = prepare_table(rows, "y")
    found = ConformedRows.infer(frame_batches(rows, batch), "y", {})
    assert found.forms["price"].number_form == whole.schema["price"].number_form is not None
    assert found.forms["price"].is_nullable
    assert pd.concat([*found.read()], ignore_index=True).equals(whole.frame)


def test_other_rows_are_read_as_the_schema_has_it() -> None:
    euros = [f"{i},{i % 7}0 €" for i in range(100, 220)]
    schema = prepare_table(frame(euros), "y").schema
    new = pd.DataFrame({"price": ["1.234 €", "-12,5 €", "-"], "y": ["a", "b", "a"]})
    numbers = [1234.0, -12.5]
    assert labelled_rows(new, schema)["price"].tolist()[:2] == numbers
    assert read_incomplete(new, schema)["price"].tolist()[:2] == numbers
    reading = Reader.of(schema).read(new["price"], schema["price"])
    assert reading.numbers.tolist()[:2] == numbers and reading.faults.odd is None
    assert np.isnan(reading.numbers[2]) and labelled_rows(new, schema)["price"].isna()[2]
    for wanted in ("101,50 €", "101.5", 101.5):
        assert [*code_condition({"price": wanted}, schema).values()] == [101.5]
    with pytest.raises(UserError, match="price='101,5 USD' is impossible; it is no numerical"):
        code_condition({"price": "101,5 USD"}, schema)


def test_what_other_rows_have_in_another_form_is_one_error() -> None:
    schema = prepare_table(frame(), "y").schema
    new = pd.DataFrame({"price": ["$5.00", "5 EUR"], "y": ["a", "b"]})
    with pytest.raises(UserError, match=r"'price' cannot be read as numerical: '5 EUR' is no num"):
        labelled_rows(new, schema)
    with pytest.raises(UserError, match=r"'5 EUR' in 1 of 2 rows, .* no number such as '\$1,2"):
        read_incomplete(new, schema)
    assert Reader.of(schema).read(new["price"], schema["price"]).faults.odd == "'5 EUR'"


def test_a_schema_without_a_form_reads_what_it_always_did() -> None:
    schema = prepare_table(frame().assign(price=AMOUNTS), "y").schema
    new = pd.DataFrame({"price": ["12.5", "1e3"], "y": ["a", "b"]})
    assert labelled_rows(new, schema)["price"].tolist() == [12.5, 1000]
    assert Reader.of(schema).read(new["price"], schema["price"]).numbers.tolist() == [12.5, 1000]
    dollars = frame(PRICES)
    with pytest.raises(UserError, match="'price' cannot be read as numerical: could not convert"):
        labelled_rows(dollars, schema)
    assert Reader.of(schema).read(dollars["price"], schema["price"]).faults.odd is not None


def test_rows_of_others_may_be_numbers_or_text() -> None:
    real, typed = frame(), frame().assign(price=AMOUNTS)
    for made in (typed, real):
        read = read_foreign(real[:60], real[60:], made, "y")
        assert read.synthetic.frame["price"].tolist() == AMOUNTS.tolist()


def test_a_target_of_numbers_in_text_has_a_value_in_every_row() -> None:
    table = prepare_table(frame(), "price")
    assert table.schema.target_column.kind is ColumnKind.NUMERICAL
    some = frame(["-", *PRICES[1:]])
    with pytest.raises(UserError, match="target 'price' is missing in 1 row"):
        prepare_table(some, "price")
    assert labelled_rows(some, table.schema)["price"].tolist() == AMOUNTS.tolist()[1:]


@pytest.mark.parametrize("odd", [{"gap": "]"}, {"mark": ""}, {"digits": ()}, {"digits": (-1,)}])
def test_a_form_is_one_that_can_be(odd: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        NumberForm(**odd)


def test_a_schema_remembers_and_one_of_before_loads(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    schema = prepare_table(frame(), "y").schema
    schema.save(path)
    assert Schema.load(path) == schema
    plain = prepare_table(frame().assign(price=AMOUNTS), "y").schema
    plain.save(path)
    assert "number_form" not in path.read_text() and Schema.load(path) == plain
    assert Column(name="a", kind=ColumnKind.INTEGER, dtype="int64").number_form is None
