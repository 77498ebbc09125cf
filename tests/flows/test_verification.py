"""Verifying a family of recipes: what was run with this code is read back, and the page says it."""

from pathlib import Path

import pytest

from components.evaluation.evidence import Outcome
from components.recipes.catalog import RECIPES, recipes_of
from components.recipes.recipe import Family, Preset
from components.storage.home import VARIABLE, Home
from flows import verification
from flows.request import RunRequest
from flows.verification import GateSeen, Verified
from flows.verification_page import verification_page


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


def test_every_recipe_is_of_one_family() -> None:
    assert {name for family in Family for name in recipes_of(family)} == set(RECIPES)
    assert "dcgan_mnist" in recipes_of(Family.IMAGES)


def test_runs_of_this_code_are_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    home, kept = Home(tmp_path), []
    for name in recipes_of(Family.IMAGES):
        seeds = tuple(f"{section}.seed=1" for section in verification.SEEDED)
        request = RunRequest(recipe=name, preset=Preset.SMOKE, overrides=seeds)
        path = verification._path(Family.IMAGES, name, request, home)
        path.parent.mkdir(parents=True, exist_ok=True)
        kept.append(Verified(recipe=name, seed=1, minutes=2.0, gates=(gate(0.7, Outcome.PASSED),)))
        path.write_text(kept[-1].model_dump_json())
    ran: list[str] = []
    found = list(verification.verify(Family.IMAGES, [1], Preset.SMOKE, home, ran.append))
    assert found == kept and not ran


def test_the_page_has_every_seed_and_the_reasons_of_what_was_missed() -> None:
    missed = gate(0.4, Outcome.REFUSED, "class_gaussian")
    runs = [
        Verified(recipe="dcgan_mnist", seed=0, minutes=3.0, gates=(missed,)),
        Verified(
            recipe="dcgan_mnist",
            seed=1,
            minutes=4.0,
            gates=(gate(0.7, Outcome.PASSED, "class_gaussian"),),
        ),
        Verified(recipe="rare_digit", seed=0, minutes=0.0, failed="no self-test"),
    ]
    page = verification_page(Family.IMAGES, Preset.CPU, runs)
    line = next(line for line in page.splitlines() if line.startswith("| dcgan_mnist"))
    assert "0.5 against class_gaussian" in line and "1 of 2" in line and "3.0 / 4.0" in line
    assert "0.400 (0.300 to 0.500) / 0.700 (0.600 to 0.800)" in line
    assert "| rare_digit | | | failed | | |" in page and "could not be run: no self-test" in page
    assert "- recall is 0.4" in page and "| acgan_mnist | | | not run | | |" in page
