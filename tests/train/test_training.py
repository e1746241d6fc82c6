"""The stage as a whole: what it writes, what is news, and when it starts warm."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.domain.errors import EmptyLessonError, WorkspaceError
from pipelines.domain.models import Lineage
from pipelines.domain.pins import Pin
from pipelines.domain.revisions import Entry, Status, resolve_statuses
from pipelines.files import digest_folder, read_json, write_json
from pipelines.learners.classifier import Classifier
from pipelines.learners.linear import Linear
from pipelines.learners.upkeep import Interpolation, Recalibration
from pipelines.lessons.params import Alarm, ReplayParams
from pipelines.lessons.planning import find_start, plan_lesson, read_seen
from pipelines.tables import tabulate_entries, write_table
from pipelines.train.params import TrainParams
from pipelines.train.training import TrainingReport, train
from pipelines.workspace import DomainFolder
from tests.builders.domains import build_pin, build_row, lay_domain, lay_snapshot, pin_model, shuffle_split, write_split
from tests.builders.lessons import LABELS, Watcher
from tests.builders.models import flip_byte

LINEAR = TrainParams(learner=Linear(), threads=1)
TINY = TrainParams(
    learner=Classifier(base="scratch:tiny", epochs=1, rate=2e-3, max_tokens=32),
    threads=1,
    replay=ReplayParams(share=0.3, minimum=4),
)


def run(folder: DomainFolder, params: TrainParams = LINEAR) -> None:
    for made in (folder.model, folder.training):
        shutil.rmtree(made, ignore_errors=True)
    train(folder, params, LABELS, None, Watcher())


def retire(folder: DomainFolder, retracted: Entry) -> None:
    """Lay the snapshot anew, as it is resolved after a retraction: the document's revision stands in it, and is retracted."""
    entries = [build_row("train", number) for number in range(36)]
    resolved = resolve_statuses([*entries, replace(retracted, revision=replace(retracted.revision, status=Status.RETRACTED))])
    write_table(folder.snapshot / "revisions.parquet", tabulate_entries(resolved))


def crown(folder: DomainFolder) -> None:
    """Make the candidate the champion, as a promotion and the next pin do."""
    shutil.rmtree(folder.champion, ignore_errors=True)
    shutil.copytree(folder.model, folder.champion)
    write_json(folder.pin, build_pin(champion=pin_model(folder.champion)))


def test_a_cold_start_learns_every_row_and_says_so(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    run(folder)
    report = read_json(folder.training / "report.json", TrainingReport)
    assert (report.news, report.replayed, report.is_warm, report.dev) == (40, 0, False, 10)
    assert len(read_seen(folder.model)) == 40
    lineage = read_json(folder.model / "lineage.json", Lineage)
    assert (lineage.learner, lineage.parent, lineage.labels, lineage.ingest_seq) == ("linear", None, LABELS, 9)
    assert (folder.training / "curve.csv").read_text().splitlines()[0] == "step,loss,rate,tokens,dev_loss"


def test_the_same_inputs_give_the_same_bytes_in_any_order_of_rows(tmp_path: Path) -> None:
    first, second = lay_domain(tmp_path / "a"), lay_domain(tmp_path / "b")
    shuffle_split(second, "train", [build_row("train", number) for number in range(40)])
    run(first, TINY)
    run(second, TINY)
    assert digest_folder(first.model) == digest_folder(second.model)
    assert digest_folder(first.training) == digest_folder(second.training)


def test_a_row_without_a_declared_label_is_skipped_and_counted(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    rows = [build_row("train", number) for number in range(10)]
    write_split(folder, "train", [*rows, build_row("train", 98, label=""), build_row("train", 99, label="other")])
    run(folder)
    assert read_json(folder.training / "report.json", TrainingReport).skipped == 2
    assert len(read_seen(folder.model)) == 10


def test_what_the_champion_has_seen_is_history_and_an_amended_row_is_news(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    run(folder, TINY)
    crown(folder)
    amended = build_row("train", 0, text="the amended text of the first document")
    write_split(folder, "train", [amended, *(build_row("train", number) for number in range(1, 40))])
    plan = plan_lesson(folder, TINY, LABELS, folder.champion, None)
    assert [document.row_id for document in plan.lesson.news] == [amended.digest]
    assert (plan.history, len(plan.lesson.history)) == (39, 4)
    assert set(plan.seen) == {*read_seen(folder.champion), amended.digest}


def test_a_warm_start_names_its_parent(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    run(folder, TINY)
    crown(folder)
    run(folder, TINY)
    parent = read_json(folder.model / "lineage.json", Lineage).parent
    assert parent == digest_folder(folder.champion)
    assert read_json(folder.training / "report.json", TrainingReport).is_warm


def test_the_report_says_how_the_parts_of_the_recipe_ended(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    learner = Classifier(
        base="scratch:tiny",
        epochs=1,
        rate=2e-3,
        max_tokens=32,
        recalibration=Recalibration(minimum=5),
        interpolation=Interpolation(),
    )
    params = TINY.model_copy(update={"learner": learner, "replay": ReplayParams(minimum=4, alarm=Alarm(threshold=1.0))})
    run(folder, params)
    crown(folder)
    write_split(folder, "train", [build_row("train", number) for number in range(50)])
    run(folder, params)
    report = read_json(folder.training / "report.json", TrainingReport)
    assert report.blend is not None
    assert report.blend.share in (0.25, 0.5, 0.75, 1.0)
    assert report.temperature != 1.0
    assert report.shift is not None
    assert not report.shift.is_alarm
    assert (report.news, report.replayed, report.general) == (10, 5, 0)


def test_never_continues_from_what_was_trained_on_a_drop_that_was_taken_out(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    run(folder, TINY)
    crown(folder)
    lay_snapshot(folder, without=frozenset(read_seen(folder.champion)[:1]))
    run(folder, TINY)
    assert not read_json(folder.training / "report.json", TrainingReport).is_warm
    assert read_json(folder.model / "lineage.json", Lineage).parent is None


@pytest.mark.parametrize("params", [LINEAR, TINY], ids=["linear", "a network from scratch"])
def test_after_a_retraction_the_model_is_the_one_of_a_chain_that_never_had_the_document(
    params: TrainParams, tmp_path: Path
) -> None:
    """Bit for bit: two chains, of which one learned a document, served, and forgot it again."""
    rows = [build_row("train", number) for number in range(30)]
    retracted, late = rows[25], [build_row("train", number) for number in range(30, 36)]
    had, never = lay_domain(tmp_path / "had"), lay_domain(tmp_path / "never")
    for folder in (had, never):
        write_split(folder, "train", rows[:20])
        run(folder, params)
        crown(folder)
    first = digest_folder(had.champion)
    shutil.copytree(had.champion, had.start)
    write_split(had, "train", rows)
    run(had, params)
    crown(had)
    assert retracted.digest in read_seen(had.champion)
    retire(had, retracted)
    write_json(had.pin, build_pin(champion=pin_model(had.champion), start=pin_model(had.start)))
    for folder in (had, never):
        write_split(folder, "train", [row for row in (*rows, *late) if row != retracted])
        run(folder, params)
    assert digest_folder(had.model) == digest_folder(never.model)
    assert retracted.digest not in read_seen(had.model)
    assert read_json(had.model / "lineage.json", Lineage).parent == (first if params is TINY else None)


def test_a_retracted_document_that_the_champion_saw_makes_a_cold_start_where_no_earlier_model_is(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    run(folder, TINY)
    crown(folder)
    retire(folder, build_row("train", 3))
    run(folder, TINY)
    assert not read_json(folder.training / "report.json", TrainingReport).is_warm


@pytest.mark.parametrize(
    "params",
    [LINEAR, TINY.model_copy(update={"is_warm": False}), TINY.model_copy(update={"learner": Classifier(base="path:elsewhere")})],
    ids=["a convex problem", "not asked for", "another base"],
)
def test_starts_cold_from_every_row(tmp_path: Path, params: TrainParams) -> None:
    folder = lay_domain(tmp_path)
    run(folder, TINY)
    crown(folder)
    champion = find_start(folder, read_json(folder.pin, Pin), params)
    assert champion is None
    assert len(plan_lesson(folder, params, LABELS, champion, None).lesson.news) == 40


def test_refuses_a_pin_whose_champion_is_not_there(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    run(folder)
    crown(folder)
    shutil.rmtree(folder.champion)
    folder.champion.mkdir()
    with pytest.raises(WorkspaceError, match="addendum pin"):
        run(folder)


def test_refuses_a_champion_that_is_not_what_its_pin_says(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    run(folder)
    crown(folder)
    flip_byte(folder.champion / "vocabulary.json")
    with pytest.raises(WorkspaceError, match=r"champion is [0-9a-f]{12}, and the pin says .*addendum pin"):
        run(folder)


def test_refuses_an_empty_split(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    write_split(folder, "train", [])
    with pytest.raises(EmptyLessonError):
        run(folder)


def test_refuses_a_missing_split_by_its_name(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    (folder.splits / "dev.parquet").unlink()
    with pytest.raises(WorkspaceError, match=r"dev\.parquet"):
        run(folder)


def test_an_empty_champion_folder_is_a_cold_start(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    folder.champion.mkdir()
    run(folder, TINY)
    assert not read_json(folder.training / "report.json", TrainingReport).is_warm
