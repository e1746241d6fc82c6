"""A section of limits is complete by default, refuses what it does not know, and cannot be changed."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from pipelines.admit.params import AdmitParams


def test_an_empty_section_is_enough() -> None:
    assert AdmitParams.model_validate({}).languages == ("en",)


@pytest.mark.parametrize(
    "section",
    [
        {"max_bad_shere": 0.1},
        {"max_bad_share": 1.1},
        {"max_label_shift": -0.1},
        {"min_chars": -1},
        {"min_chars": 9, "max_chars": 8},
    ],
)
def test_refuses_a_section_that_makes_no_sense(section: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AdmitParams.model_validate(section)


def test_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        AdmitParams().max_chars = 3  # type: ignore[misc]  # that is the point


def test_reading_parameters_does_not_load_the_engine() -> None:
    code = "import sys, pipelines.admit.params; print([name for name in ('great_expectations', 'pandas') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
