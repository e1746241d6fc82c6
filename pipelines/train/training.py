"""The stage: read the splits, let the learner learn, and write the candidate with its account of what it was made from."""

from __future__ import annotations

import csv
import io
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipelines.domain.identities import Digest, SourceName
from pipelines.domain.models import Lineage
from pipelines.domain.pins import Pin
from pipelines.files import read_json, write_bytes, write_json
from pipelines.learners.attempts import enclose_attempts, forget_attempts
from pipelines.learners.cards import Blend, Card, read_card
from pipelines.learners.disks import refuse_full_disk
from pipelines.learners.protocols import Conduct, Lesson, Monitor, Step
from pipelines.lessons.alarms import Shift
from pipelines.lessons.planning import Plan, find_start, plan_lesson
from pipelines.train.params import TrainParams
from pipelines.workspace import DomainFolder

LOG = logging.getLogger("addendum.stage")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingReport:
    """What was learned from: rows by their part, and where the loss ended. ``skipped`` rows have no declared label.

    ``general`` is how many lines of general text were among them, and ``shift`` how far the news lie from history, where
    `replay.alarm` asks for that. ``temperature`` and ``blend`` are those of the model's card; ``absent`` are declared labels
    that no row of the lesson has. ``deferred`` counts, by source, the news beyond `max_share`, which wait for a later cycle.
    """

    learner: str
    is_warm: bool
    news: int
    history: int
    replayed: int
    skipped: int
    dev: int
    steps: int
    tokens: int
    loss: float
    dev_loss: float | None
    general: int = 0
    shift: Shift | None = None
    temperature: float = 1.0
    blend: Blend | None = None
    absent: tuple[str, ...] = ()
    deferred: Mapping[SourceName, int] = field(default_factory=dict)


def train(folder: DomainFolder, params: TrainParams, labels: tuple[str, ...], conduct: Conduct | None, monitor: Monitor) -> None:
    """Train the candidate into ``folder.model`` and its curve and report into ``folder.training``.

    ``labels`` are the domain's declared classes, in order. Raises :class:`~pipelines.domain.errors.EmptyLessonError` when there
    is nothing to learn from, :class:`~pipelines.domain.errors.DivergedError` when the loss is not a number,
    :class:`~pipelines.domain.errors.WorkspaceError` for a missing file, and what
    :func:`~pipelines.learners.training.train_network` raises. The model is there as a whole, or not at all.
    """
    conduct = conduct or Conduct()
    pin = read_json(folder.pin, Pin)
    start = find_start(folder, pin, params)
    plan = plan_lesson(folder, params, labels, start, conduct.checkpoints)
    lesson = enclose_attempts(params.learner, replace(plan.lesson, conduct=conduct))
    absent = _find_absent(lesson) if params.learner.kind != "causal_lm" else ()
    if absent:
        LOG.warning("train: no row of the lesson has the label %s: nothing is learned of it", ", ".join(absent))
    with _write_whole(folder.model, is_writer=conduct.rank == 0) as model:
        curve = params.learner.fit(lesson, model, monitor)
        write_json(model / "lineage.json", _trace(params, labels, pin, _name_parent(folder, pin, start)))
        write_json(model / "seen.json", plan.seen)
        write_bytes(folder.training / "curve.csv", _tabulate(curve))
        report = _report(params, plan, curve, read_card(model))
        write_json(folder.training / "report.json", replace(report, absent=absent))
    forget_attempts(lesson)


@contextmanager
def _write_whole(target: Path, *, is_writer: bool) -> Iterator[Path]:
    """Yield a folder beside ``target`` that takes its place when all is written; see :func:`refuse_full_disk`.

    Of several processes one writes, and the others leave before there is anything to write.
    """
    half = target.with_name(f".{target.name}.incomplete")
    if not is_writer:
        yield half
        return
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    try:
        with refuse_full_disk(target):
            yield half
            shutil.rmtree(target, ignore_errors=True)
            half.rename(target)
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _find_absent(lesson: Lesson) -> tuple[str, ...]:
    found = {row.label for row in (*lesson.news, *lesson.history)}
    return tuple(label for label in lesson.labels if label not in found)


def _name_parent(folder: DomainFolder, pin: Pin, start: Path | None) -> Digest | None:
    model = {folder.champion: pin.champion, folder.start: pin.start}[start] if start else None
    return model.digest if model else None


def _trace(params: TrainParams, labels: tuple[str, ...], pin: Pin, parent: Digest | None) -> Lineage:
    return Lineage(
        learner=params.learner.kind,
        base=params.learner.base,
        corpus_id=pin.corpus.id,
        corpus_version=pin.corpus.version,
        ingest_seq=pin.corpus.ingest_seq,
        manifest_digest=pin.corpus.manifest_digest,
        parent=parent,
        labels=labels,
    )


def _tabulate(curve: Sequence[Step]) -> bytes:
    sink = io.StringIO()
    rows = csv.writer(sink, lineterminator="\n")
    rows.writerow(["step", "loss", "rate", "tokens", "dev_loss"])
    for step in curve:
        dev_loss = "" if step.dev_loss is None else repr(step.dev_loss)
        rows.writerow([step.step, repr(step.loss), repr(step.rate), step.tokens, dev_loss])
    return sink.getvalue().encode()


def _report(params: TrainParams, plan: Plan, curve: Sequence[Step], card: Card) -> TrainingReport:
    measured = [step.dev_loss for step in curve if step.dev_loss is not None]
    return TrainingReport(
        learner=params.learner.kind,
        is_warm=plan.lesson.champion is not None,
        news=len(plan.lesson.news),
        history=plan.history,
        replayed=len(plan.lesson.history) - plan.general,
        skipped=plan.skipped,
        dev=len(plan.lesson.dev),
        steps=len(curve),
        tokens=sum(step.tokens for step in curve),
        loss=curve[-1].loss,
        dev_loss=measured[-1] if measured else None,
        general=plan.general,
        shift=plan.shift,
        temperature=card.temperature,
        blend=card.blend,
        deferred=plan.deferred,
    )
