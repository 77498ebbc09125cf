"""The forms as the pages get them: few fields, in order, each explained; and what they refuse."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from components.errors import UserError
from flows.deployments import build_deployment, wanted_deployments
from flows.forms import fill_in
from flows.promote import PromoteRequest
from flows.race import RaceRequest
from flows.request import RunRequest
from flows.services.settings import read_service_settings

SNAPSHOT = Path(__file__).with_name("forms.json")
DEPLOYMENTS = wanted_deployments(read_service_settings())


def _schema(name: str) -> dict[str, Any]:
    schema = build_deployment(name, DEPLOYMENTS[name])._parameter_openapi_schema
    return json.loads(json.dumps(schema.model_dump(mode="json", exclude_none=True)))


def _form(schema: dict[str, Any]) -> dict[str, Any]:
    (reference,) = (value["$ref"] for value in schema["properties"].values())
    return dict(schema["definitions"][reference.rpartition("/")[2]]["properties"])


def test_the_forms_are_as_they_were() -> None:
    """To accept a change: `python -m tests.flows.test_forms`, and look at the difference."""
    assert json.loads(SNAPSHOT.read_text()) == {name: _schema(name) for name in DEPLOYMENTS}


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_form_is_short_ordered_and_explained(name: str) -> None:
    fields = _form(_schema(name))
    assert 0 < len(fields) <= 12
    assert [field["position"] for field in fields.values()] == list(range(len(fields)))
    for field in fields.values():
        assert field.get("title") or "$ref" in field  # then it is the title of its choices
        assert field["description"]
        assert "anyOf" not in field and field.get("default", "") is not None


@pytest.mark.parametrize(
    ("form", "values", "message"),
    [
        (RunRequest, {"recipe": "titanic"}, "recipe 'titanic': accepted are .*breast_cancer"),
        (RunRequest, {"name": "two words"}, "name 'two words': String should match"),
        (RunRequest, {"model": "gpt"}, "model 'gpt': accepted are .*trees, copula, ctgan"),
        (RunRequest, {"colour": "red"}, "colour 'red': Extra inputs"),
        (PromoteRequest, {"model": "m", "version": "new", "reason": "r"}, "version 'new'"),
        (PromoteRequest, {"model": "m", "version": "1", "reason": ""}, "reason ''"),
        (RaceRequest, {"models": ["trees"]}, "models .*at least 2"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_accepted(
    form: type[Any], values: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        fill_in(form, **values)
    with pytest.raises(ValidationError):
        form(**values)


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps({name: _schema(name) for name in DEPLOYMENTS}, indent=1) + "\n")
