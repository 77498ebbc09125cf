import numpy as np
import pandas as pd
import pytest

from components.config import NormalConfig, PrepareConfig, TimeSplit
from components.data.normality import split_normal, told_normal
from components.errors import UserError


def frame(normal: int = 80, others: int = 40) -> pd.DataFrame:
    kinds = ["normal"] * normal + ["crack"] * (others // 2) + ["rust"] * (others // 2)
    rows = pd.DataFrame({"state": kinds, "day": range(len(kinds))})
    return rows.sample(frac=1, random_state=0).reset_index(drop=True)


def split(rows: pd.DataFrame, **normal: object):
    told = NormalConfig.model_validate({"values": ("ok",), **normal})
    config = PrepareConfig(data="x", target="state", normal=told, test_share=0.25)
    return split_normal(rows, config, told)


def kinds(rows: pd.DataFrame, places: np.ndarray) -> dict[str, int]:
    return rows["state"].iloc[places].value_counts().to_dict()


def test_only_normal_rows_are_learned_from_and_all_others_are_tested_on():
    rows = frame()
    found = split(rows)
    assert kinds(rows, found.train) == {"normal": 60}
    assert kinds(rows, found.test) == {"normal": 20, "crack": 20, "rust": 20}
    assert not set(found.train) & set(found.test)


def test_so_many_others_are_tested_on_as_are_the_share_asked_for_of_each_kind():
    rows = frame()
    found = split(rows, anomaly_share=0.5)
    assert kinds(rows, found.test) == {"normal": 20, "crack": 10, "rust": 10}
    with pytest.raises(UserError, match=r"anomaly_share = 0\.8 takes 80 rows"):
        split(rows, anomaly_share=0.8)


def test_others_may_slip_into_training_and_are_then_not_tested_on():
    rows = frame()
    found = split(rows, contamination=0.1)
    assert len(found.train) == 67 and kinds(rows, found.train)["normal"] == 60
    assert not set(found.train) & set(found.test)
    assert len(found.train) + len(found.test) == len(rows)


def test_a_split_by_time_tests_on_what_comes_later_alone():
    rows = frame()
    told = NormalConfig(values=("ok",))
    config = PrepareConfig(
        data="x", target="state", normal=told, split=TimeSplit(column="day"), test_share=0.25
    )
    rows["day"] = np.arange(len(rows))
    found = split_normal(rows, config, told)
    assert (rows["state"].iloc[found.train] == "normal").all()
    assert found.test.min() > found.train.max() and len(found.test) == 30


def test_fewer_rows_are_learned_from_where_so_many_are_asked_for():
    told = NormalConfig(values=("ok",))
    config = PrepareConfig(data="x", target="state", normal=told, train_rows=30)
    assert len(split_normal(frame(), config, told).train) == 30


def test_values_are_told_by_their_text_whatever_they_are():
    assert told_normal(pd.Series([True, False], name="ok"), ("True",)).tolist() == [
        "normal",
        "False",
    ]
    assert told_normal(pd.Series([3, 4], name="code"), ("3", "5")).tolist() == ["normal", "4"]
    with pytest.raises(UserError, match="call it something else"):
        told_normal(pd.Series(["normal", "odd"], name="state"), ("odd",))


def test_a_side_that_would_be_missing_is_refused():
    with pytest.raises(UserError, match="no value of 'state' is normal"):
        split(frame().assign(state="rust"))
    with pytest.raises(UserError, match="no value of 'state' is anything else"):
        split(frame().assign(state="normal"))
