"""Where the parts of a trial run has no say in what it finds."""

import sys

import pytest

from components.config import EvaluateConfig, Purpose, TreesConfig
from components.data.table import Table
from components.errors import UserError
from components.evaluation.evaluate import evaluate
from components.evaluation.evidence import Evidence
from components.evaluation.parallel import run_all
from components.models.contract import TabularModel
from components.models.trees.trees import Trees
from components.stages.fan_out import FAN_OUT_VARIABLE, PROCESSES, RAY, fan_out
from tests.procedural import mixed_table


def fitted(table: Table, seed: int) -> TabularModel:
    model = Trees(TreesConfig(min_leaf=10))
    model.fit(table, seed=seed)
    return model


def trial() -> Evidence:
    """A benefit trial: the generator fitted anew in each fold."""
    train, test = mixed_table(160, seed=0), mixed_table(80, seed=1)
    test = Table(test.frame, train.schema)
    made = fitted(train, 0).sample(160, seed=0)
    config = EvaluateConfig(purpose=Purpose.AUGMENTATION, repeats=2, folds=2)
    return evaluate(train, test, made, make_and_fit=fitted, config=config, workers=2)


def test_another_word_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FAN_OUT_VARIABLE, "dask")
    with pytest.raises(UserError, match="accepted are processes, ray"), fan_out():
        pass


def test_without_ray_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FAN_OUT_VARIABLE, RAY)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"pip install 'mintmark\[ray\]'"), fan_out():
        pass


@pytest.mark.slow
def test_a_trial_on_ray_finds_what_a_local_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray", reason="Ray is an extra: pip install 'mintmark[ray]'")
    found = {}
    for where in (PROCESSES, RAY):
        monkeypatch.setenv(FAN_OUT_VARIABLE, where)
        with fan_out():
            found[where] = trial()
    assert found[RAY] == found[PROCESSES]


def _refuse() -> None:
    raise UserError("no column x")


def _process() -> str:
    return str("ray" in sys.modules)


@pytest.mark.slow
def test_calls_really_run_on_ray_and_errors_come_through(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray", reason="Ray is an extra: pip install 'mintmark[ray]'")
    import os

    monkeypatch.setenv(FAN_OUT_VARIABLE, RAY)
    with fan_out():
        pids = set(run_all([os.getpid] * 4, workers=2))
        assert os.getpid() not in pids
        with pytest.raises(UserError, match=r"^no column x$"):
            list(run_all([_refuse, _refuse], workers=2))
    assert list(run_all([_process] * 2, workers=2)) == ["False"] * 2  # processes again
