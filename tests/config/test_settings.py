"""Settings that were once there: versions made then are still read."""

import pytest
from pydantic import ValidationError

from components.config import CtganConfig


def test_what_is_no_setting_any_more_is_left_out_and_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert CtganConfig.model_validate({"steps": 7, "spike_share": 0.01}) == CtganConfig(steps=7)
    assert "spike_share" in caplog.text
    with pytest.raises(ValidationError):
        CtganConfig.model_validate({"spikes": 0.01})
