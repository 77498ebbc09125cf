"""Settings that were damaged: refused in a line that names what is wrong, or other settings."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import strategies as st

from components.config import Params, override, parse_params, read_params
from components.errors import UserError
from components.recipes.catalog import RECIPES, recipe_params
from components.recipes.recipe import Preset
from flows.services.settings import DEPLOYMENTS_VARIABLE, read_service_settings
from tests.fuzz.damage import ODD, damaged_bytes, damaged_json
from tests.fuzz.hunting import hunt, hunts
from tests.fuzz.watch import refuses_clearly, watched
from tests.home import PROJECT

FILES = {"params.yaml": PROJECT / "params.yaml", "services": PROJECT / "infra/deployments.yaml"}


@hunts
@pytest.mark.parametrize("name", FILES)
def test_damaged_text(
    name: str, examples: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "settings.yaml"
    monkeypatch.setenv(DEPLOYMENTS_VARIABLE, str(path))

    def attack(data: bytes) -> None:
        path.write_bytes(data)
        with watched(tmp_path):
            if name == "services":
                refuses_clearly(read_service_settings)
            else:
                refuses_clearly(lambda: read_params(path))

    hunt(damaged_bytes(FILES[name].read_bytes()), examples, attack)


@hunts
def test_damaged_values_of_any_recipe(examples: int, tmp_path: Path) -> None:
    whole = {name: recipe_params(name, Preset.SMOKE).model_dump(mode="json") for name in RECIPES}

    def attack(raw: Any) -> None:
        with watched(tmp_path):
            if refuses_clearly(lambda: parse_params(raw, "these")):
                return
            params = parse_params(raw, "these")
            assert Params.model_validate_json(params.model_dump_json()) == params

    hunt(st.sampled_from(sorted(whole)).flatmap(lambda n: damaged_json(whole[n])), examples, attack)


@hunts
def test_odd_overrides(examples: int, tmp_path: Path) -> None:
    whole = yaml.safe_load((PROJECT / "params.yaml").read_text())
    keys = st.lists(st.sampled_from(["train", "model", "steps", "prepare", "", "."]), max_size=4)
    values = st.sampled_from([json.dumps(each) for each in ODD]) | st.text(max_size=30)
    texts = st.tuples(keys.map(".".join), values).map("=".join) | st.text(max_size=40)

    def attack(text: str) -> None:
        base = json.loads(json.dumps(whole))
        with watched(tmp_path):
            refuses_clearly(lambda: (override(base, text), parse_params(base, "these")))

    hunt(texts, examples, attack)


LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
"""Eleven lines that stand for nine to the power of twelve words."""


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        "[" * 3_000,
        "a: " * 3_000,
        "!!python/object/apply:os.system ['touch planted']",
        "!!python/name:os.system",
        "day: 2024-99-99",
        f"steps: {'9' * 10_000}",
        "\x00",
        "? [a]\n: b",
        "- name: x",
        "just words",
        "",
    ],
)
def test_yaml_that_means_harm_is_refused_in_a_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with watched(tmp_path), pytest.raises(UserError) as refused:
        read_params(path)
    assert len(str(refused.value)) < 3_000
    assert [file.name for file in tmp_path.iterdir()] == ["params.yaml"]
