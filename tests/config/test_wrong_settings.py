"""Wrong settings are told in the words of who wrote them."""

import copy
from typing import Any

import pytest
import yaml

from components.config import TreesConfig, override, parse_evaluate, parse_params, with_settings
from components.errors import UserError

BASE: dict[str, Any] = yaml.safe_load(
    "{name: a, prepare: {data: d, target: t}, train: {model: {name: trees}}, "
    "evaluate: {purpose: sharing}}"
)
GATE = "evaluate.sharing_gates=[{metric: a, better_than: 0, margins: 1}]"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (
            "train.model.min_laef=3",
            "train.model.min_laef = 3: there is no such setting; did you mean "
            "train.model.min_leaf? accepted are name, min_leaf, crowd, num_trees",
        ),
        ("train.min_leaf=3", "did you mean train.model.min_leaf? accepted are model, seed"),
        ("train.modle.crowd=3", "train.modle = {'crowd': 3}: there is no such setting; did you"),
        ("test_share=0.2", "did you mean prepare.test_share? accepted are name, prepare"),
        (
            "train.model.steps=3",
            "train.model.steps = 3: there is no such setting; accepted are na",
        ),
        ("steps=3", "steps = 3: there is no such setting; accepted are name, prepare, train"),
        (GATE, "did you mean evaluate.sharing_gates.0.margin? accepted"),
        ("train.model.name=tree", "train.model.name = 'tree': did you mean trees? accepted are co"),
        ("train.model={crowd: 3}", "train.model.name: it is missing; accepted are copula, trees"),
        ("train.model.crowd=true", "train.model.crowd = 'true': a whole number is accepted"),
        ("prepare.test_share=yes", "prepare.test_share = 'true': a number is accepted"),
        ("prepare.train_rows=on", "prepare.train_rows = 'true': a whole number is accepted"),
        ("prepare.split={}", "prepare.split.method: it is missing; accepted are random, time, gr"),
        ("prepare.constraints=[{}]", "prepare.constraints.0.kind: it is missing; accepted are in"),
        ("prepare.drop=[1]", 'prepare.drop.0 = 1: text is accepted, such as "1"'),
        ("train.model=trees", "train.model = 'trees': a section of settings is accepted"),
        ("train.model.crowd=0", "train.model.crowd = 0: a number of at least 1 is accepted"),
        ("prepare.split.method=time", "prepare.split.column: it is missing"),
        ("prepare.drop=temp", "prepare.drop = 'temp': a list is accepted, such as [temp]"),
        ("prepare.drop=7", 'prepare.drop = 7: a list is accepted, such as ["7"]'),
        ("prepare.test_share=.nan", "prepare.test_share = nan: a number above 0 and below 1 is"),
        ("prepare.kinds.a=integr", "prepare.kinds.a = 'integr': did you mean integer? accepted"),
        ("train.seed=1.5", "train.seed = 1.5: a whole number is accepted"),
        ("evaluate.ratios=[2, -1]", "evaluate.ratios.1 = -1: a number above 0 is accepted"),
        ("evaluate.ratios=[2, 1]", "evaluate: ratios and subgroups need protocol = thorough"),
        ("evaluate=3", "evaluate = 3: a section of settings is accepted"),
    ],
)
def test_a_wrong_setting_is_named_as_it_is_written(setting: str, said: str) -> None:
    raw = copy.deepcopy(BASE)
    override(raw, setting)
    with pytest.raises(UserError) as refused:
        parse_params(raw, "the test")
    assert str(refused.value).startswith("wrong settings in the test: ")
    assert said in str(refused.value)


def test_a_number_that_should_be_text_is_told_once() -> None:
    raw = copy.deepcopy(BASE)
    override(raw, "prepare.normal.values=[0]")
    with pytest.raises(UserError) as refused:
        parse_params(raw, "the test")
    told = str(refused.value).removeprefix("wrong settings in the test: ")
    assert told == 'prepare.normal.values.0 = 0: text is accepted, such as "0"'


def test_settings_of_a_section_are_named_in_full() -> None:
    with pytest.raises(UserError, match=r"evaluate\.fold = 2: .* did you mean evaluate\.folds\?"):
        parse_evaluate({"purpose": "sharing", "fold": 2}, "the test")
    with pytest.raises(UserError, match=r"train\.model\.crowd = 0: a number of at least 1"):
        with_settings(TreesConfig(), ["train.model.crowd=0"])


def test_a_list_of_which_a_part_is_wrong_is_not_called_too_short() -> None:
    raw = copy.deepcopy(BASE)
    override(raw, "prepare.normal.values=[0]")
    with pytest.raises(UserError) as refused:
        parse_params(raw, "the test")
    said = 'wrong settings in the test: prepare.normal.values.0 = 0: text is accepted, such as "0"'
    assert str(refused.value) == said
