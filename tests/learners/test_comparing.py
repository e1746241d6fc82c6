"""Two folders are the same or differ by name, and a difference of numbers is measured as its definition says."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from pipelines.learners.comparing import TensorDifference, match_files, measure_tensors


def lay(folder: Path, tensors: dict[str, torch.Tensor], **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "weights.safetensors")
    for name, text in files.items():
        (folder / f"{name}.json").write_text(text)
    return folder


def measure(tmp_path: Path, expected: torch.Tensor, found: torch.Tensor) -> TensorDifference:
    (only,) = measure_tensors(lay(tmp_path / "a", {"w": expected}), lay(tmp_path / "b", {"w": found}))
    return only


def test_the_same_folder_matches_in_every_file_and_differs_in_no_number(tmp_path: Path) -> None:
    first = lay(tmp_path / "a", {"w": torch.ones(2)}, model="{}")
    second = lay(tmp_path / "b", {"w": torch.ones(2)}, model="{}")
    assert [match.name for match in match_files(first, second)] == ["model.json", "weights.safetensors"]
    assert all(match.is_same for match in match_files(first, second))
    assert [(one.absolute, one.relative) for one in measure_tensors(first, second)] == [(0.0, 0.0)]


def test_a_missing_an_added_and_a_changed_file_are_told_apart(tmp_path: Path) -> None:
    first = lay(tmp_path / "a", {"w": torch.ones(2)}, gone="{}", changed="1")
    second = lay(tmp_path / "b", {"w": torch.ones(2)}, new="{}", changed="2")
    matches = {match.name: match for match in match_files(first, second)}
    assert matches["gone.json"].found is None
    assert matches["new.json"].expected is None
    assert None not in (matches["changed.json"].expected, matches["changed.json"].found)
    assert [name for name, match in matches.items() if match.is_same] == ["weights.safetensors"]


@given(
    expected=st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=5),
    noise=st.floats(-1, 1, width=32),
)
def test_a_difference_is_the_largest_one_and_its_share_of_the_largest_number(
    tmp_path_factory: pytest.TempPathFactory, expected: list[float], noise: float
) -> None:
    before = torch.tensor(expected, dtype=torch.float64)
    after = before.clone()
    after[-1] += noise
    measured = measure(tmp_path_factory.mktemp("noise"), before, after)
    change = abs(float(after[-1]) - expected[-1])
    largest = max(abs(value) for value in expected)
    assert measured.absolute == pytest.approx(change)
    assert measured.relative == (pytest.approx(change / largest) if largest and change else math.inf if change else 0)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float32, torch.int64])
def test_every_type_that_a_model_is_stored_in_is_measured(tmp_path: Path, kind: torch.dtype) -> None:
    before, after = torch.tensor([4, 8], dtype=kind), torch.tensor([4, 10], dtype=kind)
    assert measure(tmp_path, before, after).relative == 0.25


@pytest.mark.parametrize(
    "found",
    [torch.ones(3), torch.ones(2, dtype=torch.float16), torch.tensor([1.0, math.nan])],
    ids=["another shape", "another type", "not a number"],
)
def test_what_cannot_be_compared_is_infinitely_far(tmp_path: Path, found: torch.Tensor) -> None:
    assert measure(tmp_path, torch.ones(2), found).relative == math.inf


def test_a_tensor_that_only_one_has_is_infinitely_far(tmp_path: Path) -> None:
    first = lay(tmp_path / "a", {"w": torch.ones(2), "only": torch.ones(1)})
    second = lay(tmp_path / "b", {"w": torch.ones(2)})
    assert [(one.tensor, one.relative) for one in measure_tensors(first, second)] == [("only", math.inf), ("w", 0.0)]


def test_the_largest_difference_comes_first(tmp_path: Path) -> None:
    first = lay(tmp_path / "a", {"a": torch.ones(1), "b": torch.ones(1), "c": torch.ones(1)})
    second = lay(tmp_path / "b", {"a": torch.tensor([1.1]), "b": torch.tensor([1.5]), "c": torch.ones(1)})
    assert [one.tensor for one in measure_tensors(first, second)] == ["b", "a", "c"]
