"""The gates read from YAML as written, refuse a word that is wrong, and load nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from pipelines.domain.models import Role
from pipelines.domain.scorecards import Slice
from pipelines.judge.params import JudgeParams, NonInferiority
from pipelines.judge.plans import plan_digest
from pipelines.judge.screen_params import Calibration, Files, HarmScreen, Size


def test_defaults_hold_a_candidate_to_champion_and_anchor() -> None:
    params = JudgeParams()
    margins = [(gate.against, gate.slice, gate.margin) for gate in params.gates if isinstance(gate, NonInferiority)]
    assert margins == [
        (Role.CHAMPION, Slice.HOLDOUT, 0.01),
        (Role.CHAMPION, Slice.ESTABLISHED, 0.01),
        (Role.ANCHOR, Slice.ANCHOR, 0.01),
    ]
    assert (params.alpha, params.period_days) == (0.05, 365)


def test_gates_are_told_apart_by_their_kind() -> None:
    params = JudgeParams.model_validate(
        {"gates": [{"kind": "floor", "minimum": 0.7}, {"kind": "non_inferiority", "against": "anchor", "metric": "currency"}]}
    )
    assert [gate.kind for gate in params.gates] == ["floor", "non_inferiority"]
    assert JudgeParams.model_validate_json(params.model_dump_json()) == params


@pytest.mark.parametrize(
    "wrong",
    [
        {"gates": []},
        {"gates": [{"kind": "vibes"}]},
        {"gates": [{"kind": "floor", "minimun": 0.7}]},
        {"gates": [{"kind": "floor", "metric": "niceness"}]},
        {"gates": [{"kind": "non_inferiority", "margin": 0}]},
        {"gates": [{"kind": "non_inferiority", "margin": -0.1}]},
        {"gates": [{"kind": "non_inferiority", "against": "baseline"}]},
        {"gates": [{"kind": "reason_to_change", "alternatives": []}]},
        {"alpha": 0},
        {"alpha": 0.7},
        {"period_days": 0},
        {"alhpa": 0.05},
    ],
)
def test_refuses_what_is_no_gate(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        JudgeParams.model_validate(wrong)


def test_a_plan_is_the_same_whether_defaults_are_written_out_or_not() -> None:
    assert plan_digest(JudgeParams()) == plan_digest(JudgeParams.model_validate(JudgeParams().model_dump(mode="json")))


@pytest.mark.parametrize(
    "changed",
    [{"alpha": 0.04}, {"period_days": 30}, {"gates": [{"kind": "floor"}]}, {"gates": [{"kind": "floor", "minimum": 0.51}]}],
)
def test_any_change_is_another_plan(changed: dict[str, object]) -> None:
    assert plan_digest(JudgeParams.model_validate(changed)) != plan_digest(JudgeParams())


def test_reading_parameters_loads_neither_scipy_nor_numpy() -> None:
    program = "import sys, pipelines.judge.params; sys.exit(bool({'scipy', 'numpy', 'pyarrow', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_screens_are_gates_like_all_others() -> None:
    params = JudgeParams.model_validate(
        {"gates": [{"kind": "harm_screen"}, {"kind": "calibration"}, {"kind": "size", "max_bytes": 9}, {"kind": "files"}]}
    )
    assert [type(gate) for gate in params.gates] == [HarmScreen, Calibration, Size, Files]
    assert JudgeParams.model_validate_json(params.model_dump_json()) == params


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "harm_screen", "minimum_rows": 1},
        {"kind": "harm_screen", "alpha": 0.1},
        {"kind": "calibration", "margin": 0},
        {"kind": "size", "max_bytes": 0},
        {"kind": "size", "max_growth": 0.5},
        {"kind": "files", "allow": ["*.bin"]},
    ],
)
def test_refuses_what_is_no_screen(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        JudgeParams.model_validate({"gates": [wrong]})
