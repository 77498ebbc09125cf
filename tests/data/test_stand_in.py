"""Which column stands in for a target that nobody named."""

import numpy as np
import pandas as pd
import pytest

from components.data.schema import ColumnKind
from components.data.stand_in import stand_in_target
from components.errors import UserError


def rows(num_rows: int = 400) -> pd.DataFrame:
    """A class that two numbers tell, a number that one tells worse, and what says nothing."""
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, num_rows))
    return pd.DataFrame(
        {
            "id": [f"P{number:05}" for number in range(num_rows)],
            "noise": rng.choice(["x", "y", "z"], num_rows),
            "first": first,
            "weak": first + 2 * rng.normal(size=num_rows),
            "ill": np.where(first + second + 0.3 * rng.normal(size=num_rows) > 0, "yes", "no"),
            "second": second,
        }
    )


def test_a_class_that_the_others_tell_comes_first() -> None:
    assert stand_in_target(rows()) == "ill"
    assert stand_in_target(rows(), drop=["ill"]) == "weak"


def test_what_has_gaps_or_rare_classes_is_no_target() -> None:
    frame = rows()
    gaps = frame.assign(ill=frame["ill"].mask(frame.index == 7))
    rare = frame.assign(ill=frame["ill"].mask(frame.index < 3, "maybe"))
    assert stand_in_target(gaps) == stand_in_target(rare) != "ill"


def test_a_copy_of_another_column_asks_nothing() -> None:
    frame = rows()
    copied = frame.assign(again=frame["noise"], more=frame["noise"])
    assert stand_in_target(copied) == "ill"


def test_declared_kinds_are_taken_at_their_word() -> None:
    frame = rows().assign(ill=lambda f: (f["ill"] == "yes").astype(int))
    assert stand_in_target(frame) == "ill"
    found = stand_in_target(frame[["id", "ill"]], kinds={"ill": ColumnKind.INTEGER})
    assert found == "ill"


def test_the_same_rows_give_the_same_column_however_many_there_are() -> None:
    many = rows(9_000)
    assert stand_in_target(many) == stand_in_target(many) == "ill"


def test_numbers_too_large_for_a_target_do_not_stand_in() -> None:
    large = rows().assign(id=2**60 + np.arange(400)[::-1] ** 2)
    assert stand_in_target(large) == "ill"


@pytest.mark.parametrize("num_rows", [0, 12])
def test_too_few_rows_are_told_as_such(num_rows: int) -> None:
    with pytest.raises(UserError, match=f"the table has {num_rows} rows; at least 50"):
        stand_in_target(rows(num_rows)[["id", "ill"]])


@pytest.mark.parametrize("names", [["id"], ["id", "when"]])
def test_without_any_that_can_be_one_it_says_so(names: list[str]) -> None:
    frame = rows().assign(when=pd.date_range("2020-01-01", periods=400))
    said = r"no column can stand in for a target: .* \(target 'id' is identifier"
    with pytest.raises(UserError, match=said) as refusal:
        stand_in_target(frame[names])
    assert ("'when' is datetime" in str(refusal.value)) == ("when" in names)


def test_it_says_why_in_short() -> None:
    numbers = np.arange(400)
    frame = pd.DataFrame({f"c{n}": [f"k{k % (30 + n)}" for k in numbers] for n in range(5)})
    frame = frame.assign(few=np.where(numbers < 3, "a", "b"), one="x")[["few", "one", *frame]]
    said = r"\(target 'few' has only 3 rows of class 'a'; column 'one' has one value, 'x', in all "
    said += r"400 rows; column 'c0' has 30 classes; and 4 more\); name the column"
    with pytest.raises(UserError, match=said):
        stand_in_target(frame)
