"""A lesson is a function of splits, champion and params, whoever asks for it: what is news, what is history, what is left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import Digest, SourceName
from pipelines.files import digest_file, write_json
from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.classifier import Classifier
from pipelines.learners.linear import Linear
from pipelines.lessons.ancestry import find_tainted
from pipelines.lessons.params import Alarm, GeneralParams, LessonParams, ReplayParams
from pipelines.lessons.planning import find_start, plan_lesson, read_allowed, read_seen
from pipelines.train.params import TrainParams
from tests.builders.domains import build_pin, build_row, lay_domain, lay_snapshot, pin_model, write_split
from tests.builders.lessons import LABELS

PARAMS = LessonParams(learner=Classifier(base="scratch:tiny"), threads=1, replay=ReplayParams(share=0.3, minimum=4))


def lay_champion(folder: Path, seen: list[Digest]) -> Path:
    """What a plan reads of a champion: what it is, and what it saw."""
    write_json(folder / "model.json", {"kind": "classifier", "base": "scratch:tiny"})
    write_json(folder / "seen.json", tuple(seen))
    return folder


def test_the_first_declared_label_counts(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    write_split(folder, "train", [build_row("train", 1, labels=("mesh:Other", "notice", "recall"))])
    plan = plan_lesson(folder, PARAMS, LABELS, None, None)
    assert [document.label for document in plan.lesson.news] == ["notice"]


def test_what_the_champion_has_seen_is_history_and_the_rest_is_news(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    rows = [build_row("train", number).digest for number in range(30)]
    plan = plan_lesson(folder, PARAMS, LABELS, lay_champion(folder.champion, rows), None)
    assert (len(plan.lesson.news), plan.history, len(plan.lesson.history)) == (10, 30, 5)
    assert not {document.row_id for document in plan.lesson.news} & set(rows)
    assert set(plan.seen) == {build_row("train", number).digest for number in range(40)}


def test_a_plan_asked_for_twice_is_the_same_plan(tmp_path: Path) -> None:
    """A twin that is taught the candidate's lesson is taught exactly that."""
    folder = lay_domain(tmp_path)
    champion = lay_champion(folder.champion, [build_row("train", number).digest for number in range(20)])
    assert plan_lesson(folder, PARAMS, LABELS, champion, None) == plan_lesson(folder, PARAMS, LABELS, champion, None)


def test_under_an_alarm_more_of_history_is_shown_again(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    known = [build_row("train", number) for number in range(40)]
    strange = [build_row("train", 100 + number, label="notice", text=f"unheard {number}") for number in range(10)]
    write_split(folder, "train", [*known, *strange])
    champion = lay_champion(folder.champion, [row.digest for row in known])
    replay = ReplayParams(share=0.2, minimum=0, alarm=Alarm(threshold=0.1, share=0.6))
    calm = replay.model_copy(update={"alarm": Alarm(threshold=1.0, share=0.6)})
    unasked = replay.model_copy(update={"alarm": None})
    plans = [
        plan_lesson(folder, PARAMS.model_copy(update={"replay": one}), LABELS, champion, None) for one in (replay, calm, unasked)
    ]
    assert [len(plan.lesson.history) for plan in plans] == [15, 3, 3]
    assert [plan.shift.is_alarm if plan.shift else None for plan in plans] == [True, False, None]


def test_news_beyond_a_sources_share_wait_for_a_later_cycle_and_are_not_counted_as_seen(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    known = [build_row("train", number) for number in range(20)]
    flood = [build_row("train", 100 + number, source=SourceName("flood")) for number in range(12)]
    few = [build_row("train", 200 + number) for number in range(4)]
    write_split(folder, "train", [*known, *flood, *few])
    champion = lay_champion(folder.champion, [row.digest for row in known])
    capped = PARAMS.model_copy(update={"max_share": 0.5})
    plan = plan_lesson(folder, capped, LABELS, champion, None)
    assert (len(plan.lesson.news), plan.deferred, plan.history) == (8, {"flood": 8}, 20)
    assert len(set(plan.seen) & {row.digest for row in flood}) == 4
    later = plan_lesson(folder, capped, LABELS, lay_champion(folder.champion, list(plan.seen)), None)
    assert {document.row_id for document in later.lesson.news} == {row.digest for row in flood} - set(plan.seen)


def test_a_cold_start_learns_all_that_there_is(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    flood = [build_row("train", 100 + number, source=SourceName("flood")) for number in range(30)]
    write_split(folder, "train", [build_row("train", 1), build_row("train", 2), *flood])
    plan = plan_lesson(folder, PARAMS.model_copy(update={"max_share": 0.5}), LABELS, None, None)
    assert (len(plan.lesson.news), plan.deferred) == (32, {})


def test_general_text_is_taught_and_is_no_part_of_what_the_corpus_gave(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path / "data" / "domain")
    texts = tmp_path / "general.jsonl"
    texts.write_text('{"text": "The kettle sings."}\n', encoding="utf-8")
    general = GeneralParams(file=texts.name, sha256=digest_file(texts), licence="CC0")
    params = PARAMS.model_copy(update={"learner": CausalLm(base="scratch:tiny"), "general": general})
    plan = plan_lesson(folder, params, (), None, None)
    assert [row.text for row in plan.lesson.history] == ["The kettle sings."]
    assert (len(plan.lesson.news), plan.general, plan.history) == (40, 1, 0)
    assert set(plan.seen) == {row.row_id for row in plan.lesson.news}


def test_a_section_train_is_all_that_a_lesson_depends_on() -> None:
    section = {"learner": {"kind": "linear"}, "seed": 3, "threads": 1}
    assert TrainParams.model_validate(section).model_dump() == LessonParams.model_validate(section).model_dump()


def test_a_champion_is_continued_from_where_the_learner_can_and_nothing_it_saw_was_taken_out(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    seen = [build_row("train", number).digest for number in range(5)]
    assert find_start(folder, build_pin(champion=None), PARAMS) is None
    with pytest.raises(WorkspaceError, match="addendum pin"):
        find_start(folder, build_pin(champion=pin_model(folder.splits)), PARAMS)
    lay_champion(folder.champion, seen)
    pinned = build_pin(champion=pin_model(folder.champion))
    assert find_start(folder, pinned, PARAMS) == folder.champion
    assert find_start(folder, pinned, PARAMS.model_copy(update={"learner": Linear()})) is None
    assert find_start(folder, replace(pinned, is_cold=True), PARAMS) is None
    lay_snapshot(folder, without=frozenset(seen[:1]))
    assert find_tainted(read_seen(folder.champion), read_allowed(folder)) == set(seen[:1])
    assert find_start(folder, pinned, PARAMS) is None
    assert read_seen(folder.champion) == tuple(seen)


def test_where_the_champion_saw_what_must_be_forgotten_the_pins_start_is_continued_from(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    digests = [build_row("train", number).digest for number in range(5)]
    lay_champion(folder.champion, digests)
    lay_champion(folder.start, digests[1:])
    pin = build_pin(champion=pin_model(folder.champion), start=pin_model(folder.start))
    assert find_start(folder, pin, PARAMS) == folder.champion
    lay_snapshot(folder, without=frozenset(digests[:1]))
    assert find_start(folder, pin, PARAMS) == folder.start
    lay_snapshot(folder, without=frozenset(digests[:2]))
    assert find_start(folder, pin, PARAMS) is None
    assert find_start(folder, pin, PARAMS.model_copy(update={"is_warm": False})) is None
    write_json(folder.start / "seen.json", ())
    with pytest.raises(WorkspaceError, match="start is"):
        find_start(folder, pin, PARAMS)
