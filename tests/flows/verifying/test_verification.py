"""Verifying a family of recipes: what was run with this code is read back, and the page says it."""

from pathlib import Path

import pytest

from components.errors import UserError
from components.evaluation.evidence import Outcome
from components.recipes.catalog import RECIPES, recipes_of
from components.recipes.recipe import Family, Preset
from flows.request import RunRequest
from flows.verifying.page import verification_page
from flows.verifying.plan import Planned, plan, undone
from flows.verifying.records import GateSeen, Records, Verified


def gate(value: float, outcome: Outcome, baseline: str | None = None) -> GateSeen:
    return GateSeen(
        metric="recall",
        baseline=baseline,
        value=value,
        low=value - 0.1,
        high=value + 0.1,
        bar=0.5,
        confidence=0.95,
        outcome=outcome,
        reason=f"recall is {value}",
    )


def verified(
    recipe: str, seed: int, *gates: GateSeen, key: str = "k", failed: str = ""
) -> Verified:
    return Verified(
        recipe=recipe,
        preset=Preset.CPU,
        seed=seed,
        minutes=3.0 + seed,
        key=key,
        commit="0123456789+changes",
        gates=gates,
        failed=failed,
    )


def test_every_recipe_is_of_one_family() -> None:
    assert {name for family in Family for name in recipes_of(family)} == set(RECIPES)
    assert "dcgan_mnist" in recipes_of(Family.IMAGES)


def test_runs_of_this_code_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "images.json"
    planned = plan(Family.IMAGES, [1, 2], Preset.CPU, Records(path), ["dcgan_mnist"])
    assert [(each.recipe, each.seed) for each in planned] == [
        ("dcgan_mnist", 1),
        ("dcgan_mnist", 2),
    ]
    assert all(each.record() is None for each in planned)
    kept = verified("dcgan_mnist", 2, gate(0.7, Outcome.PASSED), key=planned[1].key)
    older = verified("dcgan_mnist", 1, gate(0.6, Outcome.PASSED), key="of other code")
    for found in (kept, older):
        planned[0].records.keep(found)
    assert planned[1].is_kept() and not planned[0].is_kept()

    again = plan(Family.IMAGES, [1, 2], Preset.CPU, Records(path))  # anywhere, from the file
    records = [record for each in again if (record := each.record()) is not None]
    assert records == [older, kept] == Records(path).of(Preset.CPU)
    assert len(again) == 2 * len(recipes_of(Family.IMAGES))
    three = plan(Family.IMAGES, [1, 2, 3], Preset.CPU, Records(path), ["dcgan_mnist"])
    assert [each.seed for each in undone(three, older=True)] == [3, 1]
    assert [each.seed for each in undone(three, older=False)] == [3]
    newer = verified("dcgan_mnist", 1, gate(0.8, Outcome.PASSED))
    Records(path).keep(newer)
    assert Records(path).of(Preset.CPU) == [newer, kept]
    smaller = plan(Family.IMAGES, [2], Preset.SMOKE, Records(path), ["dcgan_mnist"])
    assert smaller[0].record() is None and Records(path).of(Preset.SMOKE) == []


def test_two_that_verify_side_by_side_keep_what_both_reached(tmp_path: Path) -> None:
    path = tmp_path / "images.json"
    one, other = Records(path), Records(path)
    mine, yours = (verified(name, 0, gate(0.7, Outcome.PASSED)) for name in ("a", "b"))
    one.keep(mine)
    other.keep(yours)
    assert Records(path).of(Preset.CPU) == other.of(Preset.CPU) == [mine, yours]


def test_what_is_no_file_of_records_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "images.json"
    path.write_text('{"gates": 3}')
    with pytest.raises(UserError, match="holds no records of mintmark verify"):
        Records(path)


def test_a_recipe_of_another_family_is_refused(tmp_path: Path) -> None:
    records = Records(tmp_path / "images.json")
    with pytest.raises(UserError, match="no recipe 'survey_sharing' of images; there are: vanilla"):
        plan(Family.IMAGES, [0], Preset.CPU, records, ["survey_sharing"])


def test_a_recipe_without_its_data_is_told_as_failed(tmp_path: Path) -> None:
    records = Records(tmp_path / "tables.json")
    request = RunRequest(data=str(tmp_path / "none.csv"), target="x")
    planned = Planned("survey_sharing", Preset.CPU, 0, request, records)
    assert "no data at" in planned.run().failed and planned.record() is None
    records.keep(verified("survey_sharing", 0))
    assert undone([planned], older=True) == [planned]


def test_the_page_has_every_seed_and_the_reasons_of_what_was_missed() -> None:
    missed = gate(0.4, Outcome.REFUSED, "class_gaussian")
    runs = [
        verified("dcgan_mnist", 0, missed),
        verified("dcgan_mnist", 1, gate(0.7, Outcome.PASSED, "class_gaussian")),
        verified("rare_digit", 0, failed="line 3:\n<b>no self-test</b> of `x` [rank0]\n"),
    ]
    page = verification_page(Family.IMAGES, Preset.CPU, runs)
    line = next(line for line in page.splitlines() if line.startswith("| dcgan_mnist"))
    assert (
        "0.5 against class_gaussian" in line
        and "1 of 2" in line
        and "3.0 / 4.0 | 0123456+changes |" in line
    )
    assert "0.400 (0.300 to 0.500) / 0.700 (0.600 to 0.800)" in line
    assert "| rare_digit | | | failed | | | |" in page
    assert "could not be run: `<b>no self-test</b> of 'x' [rank0]`\n" in page
    assert "  - seed 0: recall is 0.4\n" in page and "| acgan_mnist | | | not run | | | |" in page


def test_a_gate_that_older_code_did_not_ask_for_has_a_line_of_its_own() -> None:
    older = verified("dcgan_mnist", 0, gate(0.4, Outcome.REFUSED))
    newer = verified(
        "dcgan_mnist", 1, gate(0.8, Outcome.PASSED, "class_gaussian"), gate(0.7, Outcome.PASSED)
    )
    page = verification_page(Family.IMAGES, Preset.CPU, [older, newer])
    lines = [line for line in page.splitlines() if "| recall |" in line]
    assert "| 0.5 | 0.400 (0.300 to 0.500) / 0.700 (0.600 to 0.800) | 1 of 2 |" in lines[0]
    assert "against class_gaussian | not asked / 0.800 (0.700 to 0.900) | 1 of 1 |" in lines[1]
