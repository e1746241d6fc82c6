"""What a probe may look at: rows kept back and rows learned, one a family, drawn by the look and by nothing else."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.audit.subjects import choose_rows
from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.identities import FamilyId
from pipelines.learners.rows import Row
from pipelines.train.training import train
from tests.builders.audits import LINEAR, TINY_LANGUAGE, build_entries, build_subject, lay_audited, succeed
from tests.builders.domains import LOOK, write_split
from tests.builders.lessons import Watcher


def list_ids(rows: list[Row]) -> set[str]:
    return {row.document.row_id for row in rows}


def test_a_first_candidate_learned_all_of_train_and_nothing_that_was_kept_back(tmp_path: Path) -> None:
    subject = build_subject(lay_audited(tmp_path))
    assert list_ids(subject.read_learned()) == {entry.digest for entry in build_entries("train", 40)}
    kept = {entry.digest for name, count in (("dev", 10), ("holdout", 20)) for entry in build_entries(name, count)}
    assert list_ids(subject.read_kept_back()) == kept
    assert len(subject.read_all()) == 76
    assert (subject.find_cut_off(), subject.load_champion()) == (0, None)


def test_what_a_warm_successor_learned_is_its_news(tmp_path: Path) -> None:
    folder = lay_audited(tmp_path, TINY_LANGUAGE)
    succeed(folder, TINY_LANGUAGE, news=6, cut_off=3)
    subject = build_subject(folder, TINY_LANGUAGE)
    assert list_ids(subject.read_learned()) == {entry.digest for entry in build_entries("train", 6, first=1000, ingest_seq=5)}
    assert subject.find_cut_off() == 3
    assert subject.load_champion() is not None


def test_a_classifier_is_never_asked_about_a_row_without_a_label(tmp_path: Path) -> None:
    folder = lay_audited(tmp_path)
    rows = build_entries("holdout", 4)
    write_split(folder, "holdout", [*rows[:3], replace(rows[3], revision=replace(rows[3].revision, labels=("other",)))])
    assert len(build_subject(folder).read_holdout()) == 3


def test_a_champion_of_another_kind_is_not_compared_with(tmp_path: Path) -> None:
    folder = lay_audited(tmp_path)
    succeed(folder)
    train(folder, TINY_LANGUAGE, (), None, Watcher())
    with pytest.raises(NotMeasurableError, match="another kind"):
        build_subject(folder, TINY_LANGUAGE).load_champion()


def test_one_row_of_a_family_is_chosen_whatever_the_order_of_the_rows(tmp_path: Path) -> None:
    rows = build_subject(lay_audited(tmp_path)).read_holdout()
    twins = [replace(row, family_id=FamilyId(f"family {place // 4}")) for place, row in enumerate(rows)]
    chosen = choose_rows(twins, 100, 1)
    assert len(chosen) == 5
    assert len({row.family_id for row in chosen}) == 5
    assert choose_rows(random.Random(3).sample(twins, len(twins)), 100, 1) == chosen
    assert len(choose_rows(twins, 2, 1)) == 2
    assert any(choose_rows(twins, 2, 1) != choose_rows(twins, 2, seed) for seed in range(2, 12))


def test_another_look_draws_otherwise_and_the_same_look_the_same(tmp_path: Path) -> None:
    subject = build_subject(lay_audited(tmp_path, LINEAR))
    assert subject.seed("robustness") == subject.seed("robustness")
    other = replace(subject, look=replace(LOOK, t=2))
    assert len({subject.seed("robustness"), subject.seed("latency"), other.seed("robustness")}) == 3
