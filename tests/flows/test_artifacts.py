"""What is shown on Prefect's pages is text, whatever the data holds."""

import logging

import pytest

from flows import retrain_on_drift
from flows.retrain_on_drift import DriftRequest
from flows.watching import benefit_check
from tests.reporting.samples import HOSTILE


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    pages: list[str] = []
    for module in (benefit_check, retrain_on_drift):
        monkeypatch.setattr(
            module, "create_markdown_artifact", lambda text, **_: pages.append(text)
        )
    monkeypatch.setattr(retrain_on_drift, "announce", lambda *_, **__: None)
    monkeypatch.setattr(retrain_on_drift, "get_run_logger", logging.getLogger)
    return pages


def test_reasons_are_no_markup(shown: list[str]) -> None:
    benefit_check._show("people", "benefit", HOSTILE)
    request = DriftRequest(model="people", reason=HOSTILE)
    retrain_on_drift._tell_left_alone(request, HOSTILE)
    said = "\n".join(shown)
    assert said.count("\\<script\\>") == 3 and HOSTILE not in said
