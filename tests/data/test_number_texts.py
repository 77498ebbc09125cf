"""Text that is numbers in one form is told from all its values; what is not clear is refused."""

import logging

import numpy as np
import pandas as pd
import pytest

from components.config import ColumnKind
from components.data.forms.number_texts import NumberTexts
from components.data.inference import infer_kinds
from components.data.preparation import prepare_table
from components.data.stand_in import stand_in_target
from components.errors import UserError

NUM_ROWS = 200
AMOUNTS = np.round(np.random.default_rng(0).lognormal(7, 1, NUM_ROWS), 2)
NUMERICAL, INTEGER = ColumnKind.NUMERICAL, ColumnKind.INTEGER


def frame(values: object) -> pd.DataFrame:
    return pd.DataFrame({"it": values, "y": np.resize(["a", "b"], NUM_ROWS)})


def kind_of(values: object, **declared: ColumnKind) -> ColumnKind:
    return infer_kinds(frame(values), "y", declared)["it"]


def read(values: object, **declared: ColumnKind) -> list[float]:
    return prepare_table(frame(values), "y", kinds=declared).frame["it"].tolist()


def thousands(sign: str) -> list[str]:
    """Numbers of which each has three digits behind one sign, none ends in zero."""
    return [f"{1 + i * 7 % 20}{sign}{101 + 10 * (i % 80)}" for i in range(NUM_ROWS)]


@pytest.mark.parametrize(
    ("decider", "first"),
    [
        (["1,234.50"], 1101),
        (["1,234,567"], 1101),
        (["12,5"], 1.101),
        (["0,123"], 1.101),
        (["1234,567"], 1.101),
        (["950", "1,230"], 1101),
    ],
)
def test_one_value_tells_thousands_from_decimals(decider: list[str], first: float) -> None:
    values = thousands(",")
    values[-len(decider) :] = decider
    assert read(values)[0] == first


@pytest.mark.parametrize("unit", ["", " €"])
@pytest.mark.parametrize("sign", [",", "."])
def test_what_no_value_tells_is_refused(sign: str, unit: str) -> None:
    values = [text + unit for text in thousands(sign)]
    said = (
        rf"'it' is text of numbers, .* since '1\{sign}101{unit}' may be of thousands or have "
        r"decimals, and no other value tells: where they are whole, declare it \(prepare.kinds: "
        r"{it: integer}\) or store them as numbers, drop it \(prepare.drop: \[it\]\)"
    )
    with pytest.raises(UserError, match=said):
        kind_of(values)
    assert kind_of(values, it=ColumnKind.CATEGORICAL) is ColumnKind.CATEGORICAL
    assert kind_of(values, it=ColumnKind.IDENTIFIER) is ColumnKind.IDENTIFIER
    assert read(values, it=INTEGER)[:2] == [1101, 8111]  # whole numbers have no decimals
    with pytest.raises(UserError, match=f"'it' cannot be read as numerical since '1\\{sign}101"):
        kind_of(values, it=NUMERICAL)


@pytest.mark.parametrize("money", ["$", "£", "£ ", "USD "])
def test_money_has_no_three_decimals_behind_a_comma(money: str) -> None:
    plain = thousands(",")
    assert read([money + text for text in plain]) == [float(t.replace(",", "")) for t in plain]
    with pytest.raises(UserError, match="may be of thousands or have decimals"):
        kind_of([money + text for text in thousands(".")])  # a gallon may cost $3.459


def test_numbers_without_a_mark_tell_nothing_alone() -> None:
    values = thousands(",")
    values[-1] = "950"  # 8,101 might be one of those of 8 decimals that are no zeros
    with pytest.raises(UserError, match="may be of thousands or have decimals"):
        kind_of(values)


def test_both_signs_for_three_digits_are_not_told_either() -> None:
    values = thousands(",")[: NUM_ROWS - 60] + thousands(".")[:60]
    with pytest.raises(UserError, match="and no other value tells: store them as numbers, drop it"):
        kind_of([*(f"{text} kg" for text in values[1:]), "12 kg"])


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ("5 EUR", r"'\$[\d,.]+' and '5 EUR'"),
        ("5.00", r"'\$[\d,.]+' and '5.00'"),
        ("$ 5.00", r"'\$[\d,.]+' and '\$ 5.00'"),
        ("+$5.00", r"'\$[\d,.]+' and '\+\$5.00'"),
        ("$1'234.50", r"'\$\d,[\d,.]+' and .\$1'234.50."),
    ],
)
def test_several_forms_are_named(other: str, told: str) -> None:
    values = [f"${amount:,.2f}" for amount in AMOUNTS]
    values[7] = other
    with pytest.raises(UserError, match=f"since they have several forms, {told}: write all in one"):
        kind_of(values)
    with pytest.raises(UserError, match=f"read as numerical since they have several forms, {told}"):
        read(values, it=NUMERICAL)


def test_negative_numbers_have_one_form_too() -> None:
    values = [f"({amount:,.2f})" if amount < 900 else f"{amount:,.2f}" for amount in AMOUNTS]
    assert min(read(values)) == -AMOUNTS[AMOUNTS < 900].max()
    values[0] = "-12.00"
    with pytest.raises(UserError, match=r"several forms, '\([\d.]+\)' and '-12.00'"):
        kind_of(values)


@pytest.mark.parametrize("absent", ["-", "--", "?", ".", "n/a", "N.A.", "not known", "\u2014", ""])
def test_what_stands_for_missing_numbers_is_told(
    absent: str, caplog: pytest.LogCaptureFixture
) -> None:
    values = np.where(np.arange(NUM_ROWS) % 10 == 0, absent, AMOUNTS.astype(str))
    assert kind_of(values) is NUMERICAL
    assert f"'it' is text of numbers; for a missing one are taken: {absent!r} in 20" in caplog.text
    found = pd.Series(read(values))
    assert found.isna().sum() == 20 and found[1] == AMOUNTS[1]


def test_a_column_may_lack_most_of_its_numbers() -> None:
    values = np.where(np.arange(NUM_ROWS) % 4 != 0, "-", [f"{a:.2f} kg" for a in AMOUNTS])
    assert kind_of(values) is NUMERICAL


@pytest.mark.parametrize("other", ["sold out", "<5", "free", "1-2"])
def test_what_may_mean_something_is_not_taken_for_missing(other: str) -> None:
    values = np.where(np.arange(NUM_ROWS) % 10 == 0, other, AMOUNTS.astype(str))
    with pytest.raises(UserError, match=f"since 20 rows have '{other}': leave these cells empty"):
        kind_of(values)
    with pytest.raises(UserError, match=f"read as numerical since 20 rows have '{other}': leave"):
        read(values, it=NUMERICAL)
    assert kind_of(values, it=ColumnKind.CATEGORICAL) is ColumnKind.CATEGORICAL


def test_the_form_is_told_without_a_real_value(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    kind_of([f"CHF {amount:.2f}" for amount in AMOUNTS])
    assert "'it' is text of numbers and read as such: 'CHF 1234.50' is 1234.5" in caplog.text


def test_letters_before_whole_numbers_may_be_names() -> None:
    values = [f"INV {37 * i}" for i in range(NUM_ROWS)]
    with pytest.raises(
        UserError,
        match=r"'INV' may be part of names: where they are whole, declare it .*it: integer",
    ):
        kind_of(values)
    assert read(values, it=INTEGER)[:3] == [0, 37, 74]
    assert kind_of([text.replace("INV", "NOK") for text in values]) is INTEGER


def test_numbers_called_identifiers_are_some() -> None:
    rows = frame([f"{1000 + 37 * i:,}" for i in range(NUM_ROWS)]).rename(columns={"it": "case no"})
    assert infer_kinds(rows, "y", {})["case no"] is ColumnKind.IDENTIFIER


def test_exponents_and_too_many_digits_are_refused() -> None:
    values = AMOUNTS.astype(str).astype(object)
    values[3] = "1e-05"
    with pytest.raises(UserError, match="since some have exponents, such as '1e-05': store them"):
        kind_of(values)
    assert read(values, it=NUMERICAL)[3] == 1e-5  # as programs write numbers
    values[3] = "1234567890123456.5"
    with pytest.raises(UserError, match=r"'1234567890123456\.5' has more than 15 digits"):
        kind_of(values)


def test_declared_codes_are_read_as_they_were() -> None:
    codes = [f"{i * 613 % 9_973:05d}" for i in range(NUM_ROWS)]
    assert kind_of(codes) is ColumnKind.IDENTIFIER
    assert read(codes, it=INTEGER)[:2] == [0, 613]


def test_few_or_even_numbers_are_read_where_they_are_declared() -> None:
    few = [f"{i % 15}%" for i in range(NUM_ROWS)]
    assert kind_of(few) is ColumnKind.CATEGORICAL
    assert read(few, it=INTEGER)[:3] == read(few, it=NUMERICAL)[:3] == [0, 1, 2]
    assert kind_of([f"{10 + i % 90}%" for i in range(NUM_ROWS)]) is INTEGER  # no code has a %
    assert kind_of([f"{10 + i % 90}.25" for i in range(NUM_ROWS)]) is ColumnKind.CATEGORICAL
    with pytest.raises(UserError, match="'it' cannot be read as integer: not all are whole"):
        read([f"{amount:.2f}%" for amount in AMOUNTS], it=INTEGER)


def test_shapes_of_parts_are_those_of_the_whole() -> None:
    texts = [f"{amount:,.2f} €" for amount in AMOUNTS] + ["n/a", "-", "-5.00 €"]
    whole, parts = NumberTexts(), NumberTexts()
    whole.add(texts, np.ones(len(texts), dtype=np.int64))
    for text in texts:
        parts.add([text], np.ones(1, dtype=np.int64))
    assert whole.form == parts.form is not None
    assert whole.absent == parts.absent == {"n/a": 1, "-": 1}
    assert whole.are_numbers and parts.are_numbers


def test_a_number_in_text_stands_in_for_a_target() -> None:
    rng = np.random.default_rng(0)
    first = rng.normal(size=NUM_ROWS)
    rows = pd.DataFrame({"first": first, "noise": rng.normal(size=NUM_ROWS)})
    rows["price"] = [f"${1000 + 50 * x + rng.normal():,.2f}" for x in first]
    assert stand_in_target(rows) in ("price", "first")
