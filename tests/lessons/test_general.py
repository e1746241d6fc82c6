"""General text: drawn to a share of the lesson's bytes, and only from the file that the params name by its digest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.domain.errors import ParamsError
from pipelines.evaluate.material import read_general
from pipelines.files import digest_file
from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.linear import Linear
from pipelines.learners.protocols import Document
from pipelines.lessons import general as room
from pipelines.lessons.general import draw_general
from pipelines.lessons.params import GeneralParams, LessonParams
from tests.builders.lessons import build_document, build_documents

SHIPPED = Path(room.__file__).parent / "everyday.jsonl"


def lay_texts(workspace: Path, texts: list[str], share: float = 0.05) -> GeneralParams:
    path = workspace / "general.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    return GeneralParams(file=path.name, sha256=digest_file(path), licence="CC0", share=share)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


def weigh(rows: list[Document]) -> int:
    return sum(len(row.text.encode()) for row in rows)


@given(st.integers(1, 60), st.floats(0.01, 0.5))
def test_general_text_has_its_share_of_the_lessons_bytes(workspace: Path, count: int, share: float) -> None:
    params = lay_texts(workspace, [f"Everyday sentence number {number}." for number in range(400)], share)
    taught = build_documents(count)
    drawn = draw_general(workspace, params, taught, 0)
    longest = max(len(row.text) for row in drawn)
    assert share <= weigh(drawn) / (weigh(drawn) + weigh(taught)) + 1e-9
    assert weigh(drawn) - longest <= share / (1 - share) * weigh(taught) + 1e-9


def test_no_text_is_shown_twice_where_the_file_holds_too_little(tmp_path: Path) -> None:
    params = lay_texts(tmp_path, ["one", "two", "two"], share=0.5)
    drawn = draw_general(tmp_path, params, build_documents(50), 0)
    assert sorted(row.text for row in drawn) == ["one", "two"]


def test_the_same_lesson_gets_the_same_lines_and_another_seed_others(tmp_path: Path) -> None:
    texts = [f"Everyday sentence number {number}." for number in range(100)]
    params = lay_texts(tmp_path, texts, share=0.3)
    first = draw_general(tmp_path, params, build_documents(9), 0)
    other = lay_texts(tmp_path, texts[::-1], share=0.3)
    assert draw_general(tmp_path, other, build_documents(9), 0) == first
    assert draw_general(tmp_path, other, build_documents(9), 1) != first


def test_refuses_a_file_that_is_missing_altered_or_of_another_shape(tmp_path: Path) -> None:
    params = lay_texts(tmp_path, ["one"])
    path = tmp_path / params.file
    path.write_text('{"text": "another"}\n', encoding="utf-8")
    with pytest.raises(ParamsError, match=f"if the change is meant, write sha256: {digest_file(path)}"):
        draw_general(tmp_path, params, [build_document(1)], 0)
    path.write_text('{"text": "one"}\n{"words": "secret words"}\n', encoding="utf-8")
    with pytest.raises(ParamsError, match="line 2") as refused:
        draw_general(tmp_path, params.model_copy(update={"sha256": digest_file(path)}), [build_document(1)], 0)
    assert "secret" not in str(refused.value)
    path.unlink()
    with pytest.raises(ParamsError, match="under git"):
        draw_general(tmp_path, params, [build_document(1)], 0)


def test_a_classifier_has_no_use_for_it() -> None:
    general = GeneralParams(file="general.jsonl", sha256="0" * 64, licence="CC0")
    assert LessonParams(learner=CausalLm(), general=general).general == general
    with pytest.raises(ValidationError, match="causal_lm"):
        LessonParams(learner=Linear(), general=general)


def test_what_is_shipped_is_not_what_general_text_is_measured_on() -> None:
    workspace = SHIPPED.parents[2]
    params = GeneralParams(file=SHIPPED.relative_to(workspace).as_posix(), sha256=digest_file(SHIPPED), licence="CC0", share=0.9)
    drawn = draw_general(workspace, params, build_documents(2000), 0)
    assert len(drawn) == 48
    measured = {row.document.text for row in read_general()}
    assert not any(sentence in row.text for row in drawn for sentence in measured)
