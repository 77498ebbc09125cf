import numpy as np
import pandas as pd
import pytest

from components.data.foreign import Foreign, read_foreign
from components.data.schema import ColumnKind
from components.data.table import encode
from components.errors import UserError
from tests.procedural import mixed_frame

KINDS = {"currency": ColumnKind.CONSTANT}
TRAIN, TEST, MADE = (mixed_frame(120, seed) for seed in range(3))


def read(
    made: pd.DataFrame = MADE,
    *,
    train: pd.DataFrame = TRAIN,
    test: pd.DataFrame = TEST,
    target: str = "outcome",
    **options: object,
) -> Foreign:
    return read_foreign(train, test, made, target, kinds=KINDS, **options)


def test_sound_rows_are_read_as_they_are_and_nothing_is_noted() -> None:
    found = read()
    assert (len(found.train), len(found.test), len(found.synthetic), found.notes) == (
        120,
        120,
        120,
        (),
    )
    direct = encode(
        MADE[[column.name for column in found.train.schema.learned]], found.train.schema
    )
    np.testing.assert_array_equal(encode(found.synthetic.frame, found.train.schema), direct)


def test_the_same_values_in_other_types_are_the_same_rows() -> None:
    plain = read()
    written = MADE.assign(
        age=MADE["age"].astype(float),
        amount=MADE["amount"].map(lambda value: None if np.isnan(value) else repr(value)),
        is_member=MADE["is_member"].map({True: "True", False: "false"}),
        consents=MADE["consents"].astype("Float64"),
        seen=MADE["seen"].dt.strftime("%Y-%m-%dT%H:%M:%S"),
    )
    schema = plain.train.schema
    np.testing.assert_array_equal(
        encode(read(written).synthetic.frame, schema), encode(plain.synthetic.frame, schema)
    )


def test_levels_that_are_numbers_may_come_with_a_point_or_as_text() -> None:
    frames = [frame.assign(outcome=frame["age"] % 2) for frame in (TRAIN, TEST, MADE)]
    plain = read(frames[2], train=frames[0], test=frames[1])
    assert plain.train.schema.target_column.categories == (0, 1)
    for change in (float, str):
        made = frames[2].assign(outcome=frames[2]["outcome"].astype(change))
        found = read(made, train=frames[0], test=frames[1])
        assert found.notes == ()
        np.testing.assert_array_equal(
            encode(found.synthetic.frame, plain.train.schema),
            encode(plain.synthetic.frame, plain.train.schema),
        )


def test_identifiers_and_constants_may_lack() -> None:
    assert read(MADE.drop(columns=["id", "currency"])).notes == ()


def few(values: pd.Series, number: int, new: object) -> pd.Series:
    return values.astype(object).where(np.arange(len(values)) >= number, new)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"age": None}, r"the synthetic rows lack 'age'.*they have: id, "),
        ({"extra": 1}, r"the synthetic rows have 'extra', which the training.*--drop 'extra'"),
        (
            {"age": few(MADE["age"], 3, "old")},
            r"synthetic rows: column 'age' holds 'old' in 3 of 120 rows, which is no number; in "
            r"the training rows it is integer.*--kind age=categorical",
        ),
        ({"age": pd.Timestamp("2021-03-01")}, r"column 'age' holds '2021-03-01 00:00:00' in 120"),
        ({"seen": few(MADE["seen"], 2, "soon")}, r"column 'seen' holds 'soon'.*no date"),
        ({"is_member": few(MADE["is_member"], 1, "perhaps")}, r"'perhaps'.*no true or false"),
        ({"ratio": few(MADE["ratio"], 4, np.inf)}, r"column 'ratio' is infinite in 4 of 120 rows"),
        ({"city": [["Cork"]] * 120}, r"synthetic rows: column 'city' holds no categories"),
        ({"outcome": "won"}, r"target 'outcome' has one class, 'won', in all.*have: lost, open"),
        ({"outcome": few(MADE["outcome"], 5, None)}, r"target 'outcome' is missing in 5 of 120"),
        (
            {"city": few(MADE["city"], 61, "Erfurt")},
            r"column 'city' has the unknown category 'Erfurt', in 61 of 120 synthetic rows, more "
            r"than half; the training rows have: 'Ankara', 'Bergen', 'Cork', 'Delft'",
        ),
        ({"age": few(MADE["age"], 61, np.nan)}, r"'age' has no value in 61 of 120.*more than half"),
    ],
)
def test_rows_that_cannot_be_judged_are_one_clear_error(
    change: dict[str, object], message: str
) -> None:
    lacking = [name for name, value in change.items() if value is None]
    made = MADE.drop(columns=lacking).assign(
        **{name: value for name, value in change.items() if name not in lacking}
    )
    with pytest.raises(UserError, match=message) as caught:
        read(made)
    assert "\n" not in str(caught.value)


def test_few_faults_are_counted_and_noted_not_mended() -> None:
    made = MADE.assign(city=few(MADE["city"], 9, "Erfurt"), age=few(MADE["age"], 4, np.nan))
    found = read(made)
    assert len(found.notes) == 2
    assert "'age' has no value in 4 of 120" in found.notes[0]
    assert "'city' has the unknown category 'Erfurt', in 9 of 120" in found.notes[1]
    names = [column.name for column in found.train.schema.learned]
    gaps = np.isnan(encode(found.synthetic.frame, found.train.schema)[:9])
    assert gaps[:, names.index("city")].all() and gaps[:4, names.index("age")].all()


def test_empty_and_repeated_and_unknown_columns() -> None:
    with pytest.raises(UserError, match="there are 0 synthetic rows; at least 10"):
        read(MADE[:0])
    with pytest.raises(UserError, match="training rows: the table has 0 rows; at least 50"):
        read(train=TRAIN[:0])
    with pytest.raises(UserError, match="more than one column is named 'age'"):
        read(pd.concat([MADE, MADE["age"]], axis=1))
    with pytest.raises(UserError, match="cannot drop 'height': no table has it"):
        read(drop=["height"])
    with pytest.raises(UserError, match="training rows: target 'height' is not in the table"):
        read(target="height")
    with pytest.raises(UserError, match="test rows: target 'outcome' has one class, 'won'"):
        read(test=TEST.assign(outcome="won"))
    assert read(MADE.assign(extra=1), drop=["extra"]).notes == ()


def test_test_rows_among_the_training_rows_are_noted_beyond_chance_only() -> None:
    leaky = pd.concat([TEST[:100], TRAIN[:20]], ignore_index=True)
    (note,) = read(test=leaky).notes
    assert note.startswith("20 of 120 test rows are among the training rows, where chance would")
    coarse = [frame[["city", "is_member", "outcome"]] for frame in (TRAIN, TEST, MADE)]
    assert read_foreign(*coarse, "outcome").notes == ()
