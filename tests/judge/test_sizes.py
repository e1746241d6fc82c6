"""A candidate keeps its limits, absolute and against the champion, or is refused; without any it is only told."""

from __future__ import annotations

import pytest

from pipelines.domain.verdicts import Decision, Finding, Result
from pipelines.judge.judging import decide
from pipelines.judge.model_files import ModelFile, ModelFiles
from pipelines.judge.screen_params import Size
from pipelines.judge.sizes import find_size
from tests.builders.outcomes import build_evidence


def build_files(size: int = 1_000, parameters: int = 100) -> ModelFiles:
    file = ModelFile(name="weights.safetensors", size=size)
    return ModelFiles(files=(file,), parameters=parameters, problems=())


def give(gate: Size, candidate: ModelFiles | None, champion: ModelFiles | None = None) -> Finding:
    return find_size(gate, build_evidence([], {"candidate_files": candidate, "champion_files": champion}))


@pytest.mark.parametrize(
    ("gate", "result"),
    [
        (Size(max_bytes=1_000), Result.PASSED),
        (Size(max_bytes=999), Result.FAILED),
        (Size(max_parameters=100), Result.PASSED),
        (Size(max_parameters=99), Result.FAILED),
        (Size(max_bytes=5_000, max_parameters=99), Result.FAILED),
    ],
)
def test_an_absolute_limit_is_kept_or_refuses(gate: Size, result: Result) -> None:
    finding = give(gate, build_files())
    assert (finding.result, finding.against) == (result, None)
    assert decide([finding]) is (Decision.PROMOTE if result is Result.PASSED else Decision.REFUSE)


@pytest.mark.parametrize(("growth", "result"), [(2.0, Result.PASSED), (1.9, Result.FAILED), (None, Result.NOT_MEASURED)])
def test_growth_is_measured_against_the_champion(growth: float | None, result: Result) -> None:
    finding = give(Size(max_growth=growth), build_files(), build_files(500, 50))
    assert finding.result is result
    assert finding.against == (None if growth is None else "champion")


def test_parameters_may_grow_beyond_the_champion_where_bytes_do_not() -> None:
    finding = give(Size(), build_files(1_000, 300), build_files(1_000, 100))
    assert finding.result is Result.FAILED
    assert "300 parameters exceed 200 (2 times the champion)" in finding.sentence
    assert [(detail.name, detail.result) for detail in finding.details] == [
        ("bytes: 2 times the champion", Result.PASSED),
        ("parameters: 2 times the champion", Result.FAILED),
    ]


def test_a_first_candidate_without_an_absolute_limit_is_only_told() -> None:
    finding = give(Size(), build_files(1_234_567, 89_012))
    assert (finding.result, finding.is_blocking) == (Result.NOT_MEASURED, False)
    assert finding.sentence.startswith("size: 1,234,567 bytes, 89,012 parameters")


def test_a_champion_of_nothing_is_no_measure() -> None:
    finding = give(Size(), build_files(), build_files(0, 0))
    assert finding.result is Result.NOT_MEASURED


def test_a_folder_that_was_not_read_is_never_a_pass() -> None:
    assert decide([give(Size(max_bytes=10), None)]) is Decision.HOLD


def test_only_told_where_the_params_say_so() -> None:
    assert not give(Size(max_bytes=1, is_blocking=False), build_files()).is_blocking
