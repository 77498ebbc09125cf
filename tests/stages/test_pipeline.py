"""The pipeline file, the settings file and the code agree."""

import ast
from pathlib import Path

import yaml

from components.config import Params, read_params
from components.recipes.catalog import DEFAULT, RECIPES, recipe_params
from components.recipes.recipe import Preset
from flows.request import RunRequest, build_params
from flows.retrain import STAGES
from tests.home import PROJECT

PIPELINE = yaml.safe_load((PROJECT / "dvc.yaml").read_text())["stages"]


def test_stages_are_those_of_the_flow_in_order() -> None:
    assert tuple(PIPELINE) == STAGES
    for stage, entry in PIPELINE.items():
        assert entry["cmd"] == f"python -m components.stages.{stage}"


def test_params_are_the_default_recipe() -> None:
    assert read_params(PROJECT / "params.yaml") == build_params(RunRequest(recipe=DEFAULT))


def test_every_section_a_stage_reads_is_declared() -> None:
    for stage, entry in PIPELINE.items():
        read = _read_of_params(PROJECT / f"components/stages/{stage}.py")
        within = {
            name: {d for d in entry["params"] if f"{name}.".startswith(f"{d}.")} for name in read
        }
        assert all(within.values()), f"{stage}: {within}"
        assert set.union(*within.values()) == set(entry["params"]), stage


def test_every_package_a_stage_imports_is_a_dependency() -> None:
    for stage, entry in PIPELINE.items():
        for module in sorted(_imported(Path(f"components/stages/{stage}.py"), set())):
            assert _is_covered(module, entry["deps"]), f"{stage} does not depend on {module}"


def test_recipes_have_every_preset_and_the_purpose_they_ask_for() -> None:
    for name in RECIPES:
        for preset in Preset:
            assert recipe_params(name, preset).name == name


def _read_of_params(path: Path) -> set[str]:
    """What a file reads of `params`, such as "train" and "prepare.split.column"."""
    nodes = [
        node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)
    ]
    inner = {id(node.value) for node in nodes}
    names = [ast.unparse(node) for node in nodes if id(node) not in inner]
    found = {name.removeprefix("params.") for name in names if name.startswith("params.")}
    return {name for name in found if name.partition(".")[0] in Params.model_fields}


def _imported(path: Path, seen: set[Path]) -> set[Path]:
    """The project's files that `path` imports, and those that these import, without itself."""
    for node in ast.walk(ast.parse((PROJECT / path).read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("components."):
            found = Path(str(node.module).replace(".", "/")).with_suffix(".py")
            if (PROJECT / found).is_file() and found not in seen:
                seen.add(found)
                _imported(found, seen)
    return seen


def _is_covered(module: Path, dependencies: list[str]) -> bool:
    """True where a change to the module that could change outputs makes the stage run again."""
    plumbing = (
        "components/stages/command.py",
        "components/stages/fan_out.py",
        "components/stages/paths.py",
        "components/stages/tables.py",
        "components/stages/training_curves.py",
        "components/errors.py",
        "components/threads.py",
        "components/storage/checkpoints.py",
        "components/storage/home.py",
        "components/storage/objects.py",
        "components/storage/places.py",
        "components/storage/s3_errors.py",
        "components/evaluation/evidence.py",
    )
    return str(module) in plumbing or any(
        str(module) == dep or str(module).startswith(f"{dep}/") for dep in dependencies
    )
