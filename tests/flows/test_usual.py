"""What a generator that is only named is like: no row that is shared tells of one alone."""

import pytest

from components.config import Purpose
from components.models.catalog import MODELS, default_config
from flows.usual import usual_settings


@pytest.mark.parametrize("name", [name for name in MODELS if name != "private"])
def test_rows_to_be_shared_come_in_crowds(name: str) -> None:
    config = usual_settings(name, Purpose.SHARING) or default_config(name)
    generator = getattr(config, "generator", config)
    assert generator.crowd >= 10
