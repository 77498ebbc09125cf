"""A person in a browser: a form filled in, a run followed, an error read, an approval, a rollback.

Needs Chromium (`make test-browser` installs it). With `MINTMARK_SCREENSHOTS` set to a folder, a
picture of each page goes there.
"""

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.flows.live import Live, services

pytestmark = pytest.mark.browser

MODEL = "answers"
EASY = 'evaluate.sharing_gates=[{"metric": "tstr_loss", "better_than": 2.0}]'


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with services(tmp_path_factory.mktemp("pages") / "home") as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "no Chromium: `make test-browser` installs it"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 1400})
    opened.set_default_timeout(60_000)
    yield opened
    opened.close()


def test_a_person_runs_approves_promotes_and_rolls_back(live: Live, page: Page) -> None:
    run = _retrain(live, page)
    assert live.wait(run)["state_name"] == "Completed"
    _follow_to_the_version(live, page, run)
    _approve(live, page)
    _expect_champion(live, page, "1")
    second = live.start("retrain", **_request(seed=1, approval="automatic"))
    assert live.wait(second)["state_name"] == "Completed"
    if not _is_champion(live, page, "2"):  # the challenge may have found it worse
        _submit(live, page, "promote", Model=MODEL, Version="2", Reason="by hand")
    _expect_champion(live, page, "2")
    _submit(live, page, "rollback", Model=MODEL, Reason="worse on Tuesday")
    _expect_champion(live, page, "1")


def test_an_invalid_value_is_refused_before_anything_runs(live: Live, page: Page) -> None:
    before = len(live.runs("retrain"))
    _open_form(live, page, "retrain")
    _field(page, "Name").fill("two words!")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text(re.compile("does not match", re.I)).first).to_be_visible()
    _picture(page, "prefect-invalid-value")
    assert len(live.runs("retrain")) == before


def test_a_contradiction_is_one_clear_message(live: Live, page: Page) -> None:
    run = live.start("retrain", recipe="survey_sharing", data="x.csv", target="y")
    ended = live.wait(run)
    assert ended["state_name"] == "Failed"
    assert "recipe 'survey_sharing', data 'x.csv': give one of them" in ended["state"]["message"]
    page.goto(f"{live.prefect}/runs/flow-run/{run}")
    expect(page.get_by_text("give one of them").first).to_be_visible()


def test_every_form_opens(live: Live, page: Page) -> None:
    for deployment in live.call("/deployments/filter", {}):
        _open_form(live, page, deployment["name"])
        _picture(page, f"form-{deployment['name']}")
    page.goto(f"{live.prefect}/deployments")
    expect(page.get_by_text("retrain-on-drift").first).to_be_visible()
    _picture(page, "prefect-deployments")


def _request(seed: int, approval: str) -> dict[str, object]:
    overrides = [EASY, "evaluate.repeats=1", f"train.seed={seed}", f"synthesize.seed={seed}"]
    return {
        "recipe": "survey_sharing", "preset": "smoke", "name": MODEL,
        "approval": approval, "overrides": overrides,
    }  # fmt: skip


def _retrain(live: Live, page: Page) -> str:
    """Fill in the form of `retrain` with values of our own, submit it, wait; the run's id."""
    _open_form(live, page, "retrain")
    _choose(page, page, "Recipe", "survey_sharing")
    _choose(page, page, "Size", "smoke")
    _choose(page, page, "Approval", "person")
    _field(page, "Name").fill(MODEL)
    for number, setting in enumerate((EASY, "evaluate.repeats=1")):
        _property(page, "Settings").get_by_role("button", name="Add item").click()
        _property(page, "Settings").locator("textarea").nth(number).fill(setting)
    _picture(page, "prefect-retrain-form")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(re.compile("/runs/flow-run/|/deployments/deployment/[^/]*$"))
    deadline = time.monotonic() + 60
    while not (runs := live.runs("retrain")) and time.monotonic() < deadline:
        time.sleep(0.5)
    return str(runs[0]["id"])


def _follow_to_the_version(live: Live, page: Page, run: str) -> None:
    """From the run to its artifact, and from there by a link to the version in MLflow."""
    page.goto(f"{live.prefect}/runs/flow-run/{run}")
    expect(page.get_by_text("Completed").first).to_be_visible()
    _picture(page, "prefect-run")
    page.get_by_text("Artifacts", exact=True).click()
    page.get_by_text("verdict").last.click()
    link = page.get_by_role("link", name="the version in MLflow")
    expect(link).to_be_visible()
    _picture(page, "prefect-artifact")
    address = link.get_attribute("href")
    assert address == f"{live.mlflow}/#/models/{MODEL}/versions/1"
    page.goto(address)
    expect(page.get_by_text("Fit for sharing").first).to_be_visible()


def _approve(live: Live, page: Page) -> None:
    """Answer the promotion that waits, by its form."""
    deadline = time.monotonic() + 60
    while not (waits := _suspended(live)):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert not _is_champion(live, page, "1")
    page.goto(f"{live.prefect}/runs/flow-run/{waits[0]}")
    page.get_by_role("button", name="Resume").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Shall version 1 of answers become champion?")).to_be_visible()
    _choose(page, dialog, "Decision", "approve")
    _field(dialog, "Reason").fill("looks right")
    _picture(page, "prefect-approval")
    dialog.get_by_role("button", name="Submit").click()
    deadline = time.monotonic() + 90
    while _suspended(live) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert live.wait(waits[0])["state_name"] == "Completed"


def _suspended(live: Live) -> list[str]:
    return [run["id"] for run in live.runs("promote") if run["state_name"] == "Suspended"]


def _submit(live: Live, page: Page, deployment: str, **values: str) -> None:
    """Fill in a form's text fields, submit it, and wait until its run has ended well."""
    known = {run["id"] for run in live.runs(deployment)}
    _open_form(live, page, deployment)
    for title, value in values.items():
        _field(page, title).fill(value)
    page.get_by_role("button", name="Submit").click()
    deadline = time.monotonic() + 90
    while not (new := [r["id"] for r in live.runs(deployment) if r["id"] not in known]):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    ended = live.wait(new[0])
    assert ended["state_name"] == "Completed", json.dumps(ended["state"])


def _expect_champion(live: Live, page: Page, version: str) -> None:
    assert _is_champion(live, page, version)
    _picture(page, f"mlflow-version-{version}")


def _is_champion(live: Live, page: Page, version: str) -> bool:
    """Whether the version's own page shows the alias `champion`, and not that it was one."""
    page.goto("about:blank")
    page.goto(f"{live.mlflow}/#/models/{MODEL}/versions/{version}")
    expect(page.get_by_text("Fit for sharing").first).to_be_visible()
    page.wait_for_timeout(1000)
    return page.get_by_text(re.compile(r"^@?\s*champion$")).count() > 0


def _open_form(live: Live, page: Page, deployment: str) -> None:
    page.goto(f"{live.prefect}/deployments/deployment/{live.deployment(deployment)['id']}/run")
    expect(page.get_by_role("button", name="Submit")).to_be_visible()
    page.wait_for_timeout(500)


def _property(scope: Page | Locator, title: str) -> Locator:
    """The part of a form that has this title."""
    label = f"span[contains(@class, '__label')][.='{title}' or .='{title} (Optional)']"
    own = "ancestor::div[contains(concat(' ', @class, ' '), ' schema-form-property ')][1]"
    return scope.locator(f"xpath=.//{label}/{own}")


def _field(scope: Page | Locator, title: str) -> Locator:
    """The text field with this title."""
    return _property(scope, title).locator("textarea").first


def _choose(page: Page, scope: Page | Locator, title: str, option: str) -> None:
    """Choose by the keyboard: a click without a pause opens the list and closes it again."""
    _property(scope, title).locator(".p-select-button__control").focus()
    page.keyboard.press("Space")
    page.locator(".p-select-option__text").get_by_text(option, exact=True).click()


def _picture(page: Page, name: str) -> None:
    folder = os.environ.get("MINTMARK_SCREENSHOTS")
    if folder:
        page.wait_for_timeout(1500)
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
