"""What a run is asked for: a recipe, own data or a model again, and never two of them."""

from pathlib import Path

import pytest

from components.config import Approval
from components.errors import UserError
from components.storage.home import VARIABLE
from flows.forms import DEFAULT, fill_in
from flows.request import RunRequest, build_params


def test_none_in_a_command_is_the_default_of_the_form() -> None:
    assert fill_in(RunRequest, recipe=None, data=None) == RunRequest()
    assert RunRequest().recipe == DEFAULT


def test_approval_is_a_setting_and_no_part_of_the_content() -> None:
    asked = build_params(RunRequest(recipe="survey_sharing", approval="person"))
    plain = build_params(RunRequest(recipe="survey_sharing"))
    assert asked.promote.approval is Approval.PERSON
    assert asked.content == plain.content and asked != plain


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"recipe": "survey_sharing", "data": "x.csv"}, "give one of them"),
        ({"recipe": "survey_sharing", "again": "adult"}, "give one of them"),
        ({"data": "x.csv"}, "data 'x.csv' without a target"),
        ({"again": "nobody"}, "no model 'nobody' is registered"),
    ],
)
def test_a_contradiction_is_refused(
    values: dict[str, str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    monkeypatch.delenv("MINTMARK_REGISTRY_URI", raising=False)
    with pytest.raises(UserError, match=message):
        build_params(RunRequest(**values))
