"""An attempt is named by all that its weights depend on, and by nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.learners import attempts
from pipelines.learners.attempts import digest_attempt, enclose_attempts, forget_attempts, open_attempt
from pipelines.learners.classifier import Classifier
from pipelines.learners.protocols import Conduct
from tests.builders.lessons import Watcher, build_document, build_documents, build_lesson
from tests.builders.models import flip_byte

TINY = Classifier(base="scratch:tiny", epochs=1, batch_tokens=512, max_tokens=32)
LESSON = build_lesson()
OTHERS = {
    "seed": replace(LESSON, seed=8),
    "threads": replace(LESSON, threads=2),
    "labels": replace(LESSON, labels=("notice", "recall")),
    "order": replace(LESSON, news=LESSON.news[::-1]),
    "history": replace(LESSON, news=LESSON.news[:-1], history=LESSON.news[-1:]),
    "dev": replace(LESSON, dev=LESSON.dev[:-1]),
    "text": replace(LESSON, news=[replace(LESSON.news[0], text="other"), *LESSON.news[1:]]),
    "label": replace(LESSON, news=[replace(LESSON.news[0], label="notice"), *LESSON.news[1:]]),
}


@pytest.mark.parametrize("what", OTHERS)
def test_another_lesson_has_another_name(what: str) -> None:
    assert digest_attempt(TINY, OTHERS[what]) != digest_attempt(TINY, LESSON)


@pytest.mark.parametrize("field", ["rate", "batch_tokens", "micro_tokens", "max_tokens"])
def test_other_parameters_have_another_name(field: str) -> None:
    assert digest_attempt(TINY.model_copy(update={field: 100}), LESSON) != digest_attempt(TINY, LESSON)


def test_other_weights_of_the_champion_or_the_base_have_another_name(tmp_path: Path) -> None:
    TINY.fit(LESSON, tmp_path, Watcher())
    warm, based = replace(LESSON, champion=tmp_path), TINY.model_copy(update={"base": f"path:{tmp_path}"})
    before = digest_attempt(TINY, warm), digest_attempt(based, LESSON)
    flip_byte(tmp_path / "model.safetensors")
    assert digest_attempt(TINY, warm) != before[0]
    assert digest_attempt(based, LESSON) != before[1]


@pytest.mark.parametrize("library", attempts.LIBRARIES)
def test_another_version_of_a_library_has_another_name(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before, find = digest_attempt(TINY, LESSON), attempts._find_version
    monkeypatch.setattr(attempts, "_find_version", lambda name: "0.0.1" if name == library else find(name))
    assert digest_attempt(TINY, LESSON) != before


def test_where_and_how_often_changes_nothing(tmp_path: Path) -> None:
    elsewhere = replace(LESSON, checkpoints=tmp_path, conduct=Conduct(checkpoint_seconds=3.0, is_sharded=True))
    assert digest_attempt(TINY, elsewhere) == digest_attempt(TINY, LESSON)


def test_nothing_is_kept_where_there_is_no_folder() -> None:
    assert open_attempt(TINY, LESSON) is None
    assert enclose_attempts(TINY, LESSON) == LESSON
    forget_attempts(LESSON)


def test_a_lesson_that_is_done_is_forgotten_and_no_other(tmp_path: Path) -> None:
    first, second = (enclose_attempts(TINY, build_lesson(count, checkpoints=tmp_path)) for count in (8, 9))
    for lesson in (first, second):
        attempt = open_attempt(TINY, lesson)
        assert attempt is not None
        attempt.folder.mkdir(parents=True)
    forget_attempts(first)
    assert list(tmp_path.iterdir()) == [second.conduct.enclosure]
    forget_attempts(first)


def test_rows_of_any_sequence_are_the_same_rows() -> None:
    rows = [build_document(1), *build_documents(3)]
    assert digest_attempt(TINY, build_lesson(news=rows)) == digest_attempt(TINY, build_lesson(news=tuple(rows)))
