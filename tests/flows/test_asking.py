"""A model is asked in a process of its own: it answers as it would here, and one that cannot answer says why."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flows.asking import Questions, ask, ask_apart
from pipelines.domain.errors import StageError
from pipelines.learners.linear import Linear
from pipelines.learners.monitors import Unwatched
from tests.builders.lessons import build_documents, build_lesson, build_pair


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    Linear().fit(build_lesson(), folder, Unwatched())
    return folder


def test_asked_apart_it_says_what_it_says_here(model: Path) -> None:
    questions = Questions(folder=str(model), threads=1, documents=tuple(build_documents(6)), pairs=(build_pair(),))
    answers = ask_apart(questions)
    assert answers == ask(questions)
    assert [one.row_id for one in answers.predictions] == [one.row_id for one in questions.documents]
    assert answers.preferences is None


def test_a_model_that_is_not_there_is_refused_with_its_folder(tmp_path: Path) -> None:
    with pytest.raises(StageError, match=str(tmp_path)):
        ask_apart(Questions(folder=str(tmp_path), threads=1, documents=tuple(build_documents(1))))


def test_a_model_that_breaks_is_an_error_of_ours_that_quotes_nothing(model: Path, tmp_path: Path) -> None:
    for path in model.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "weights.safetensors").write_bytes(b"torn")
    with pytest.raises(StageError, match=r"^the model broke \(status 1\)$"):
        ask_apart(Questions(folder=str(tmp_path), threads=1, documents=tuple(build_documents(1))))


def test_patience_ends(model: Path) -> None:
    with pytest.raises(StageError, match="no answer within 0 s: lower `sample`"):
        ask_apart(Questions(folder=str(model), threads=1, documents=tuple(build_documents(1))), patience_s=0.01)


def test_whoever_weighs_loads_no_torch() -> None:
    code = "import sys, flows.weighing; print([name for name in ('torch', 'transformers', 'prefect') if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
