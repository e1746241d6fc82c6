"""From the splits and the champion to a lesson: what is news, what is history, and what the candidate will have seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import Digest, SourceName
from pipelines.domain.pins import Pin
from pipelines.files import check_folder, read_json
from pipelines.learners.cards import has_model
from pipelines.learners.protocols import Lesson
from pipelines.learners.rows import Row, read_rows
from pipelines.lessons.alarms import Shift, measure_shift
from pipelines.lessons.ancestry import find_tainted, list_allowed
from pipelines.lessons.general import draw_general
from pipelines.lessons.params import LessonParams
from pipelines.lessons.replay import count_replayed, sample_history
from pipelines.lessons.shares import cap_sources
from pipelines.tables import ENTRY_SCHEMA, read_entries, read_table
from pipelines.workspace import DomainFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A lesson and its account. ``seen`` is every digest of the corpus that the candidate's weights will depend on.

    ``history`` is how much the champion has seen and the splits still hold, ``general`` how many of the rows that are shown
    beside the news are general text, and ``shift`` how far the news are from history, where that was asked for. ``deferred``
    counts the news beyond a source's share, which wait for a later cycle.
    """

    lesson: Lesson
    seen: tuple[Digest, ...]
    history: int
    skipped: int
    general: int = 0
    shift: Shift | None = None
    deferred: Mapping[SourceName, int] = field(default_factory=dict)


def find_start(folder: DomainFolder, pin: Pin, params: LessonParams) -> Path | None:
    """Return the folder to continue from, ``None`` for a cold start.

    It is the champion's, unless that saw what must be forgotten: then it is the pin's ``start``, an earlier champion which did
    not. None is it where the pin says to start cold. Raises :class:`WorkspaceError` when the pin names a model whose folder is
    empty, or another than the pin says.
    """
    allowed: frozenset[Digest] | None = None
    for model, where in ((pin.champion, folder.champion), (pin.start, folder.start)):
        if model is None:
            continue
        if not has_model(where):
            raise WorkspaceError(f"{where} is empty though the pin names a {where.name}: run `addendum pin`")
        check_folder(where, model.digest)
        if params.is_warm and not pin.is_cold and params.learner.can_continue(where):
            allowed = allowed if allowed is not None else read_allowed(folder)
            if not find_tainted(read_seen(where), allowed):
                return where
    return None


def read_allowed(folder: DomainFolder) -> frozenset[Digest]:
    """Return what the snapshot allows a model to have seen."""
    return list_allowed(read_entries(read_table(folder.snapshot / "revisions.parquet", ENTRY_SCHEMA)))


def plan_lesson(
    folder: DomainFolder, params: LessonParams, labels: tuple[str, ...], champion: Path | None, checkpoints: Path | None
) -> Plan:
    """Read the splits and divide the rows of ``train`` by whether the champion has seen exactly this revision.

    An amended document is news: its revision in force has a digest of its own, whatever the champion knows of the one before.
    """
    rows, skipped = _usable(read_rows(folder.splits / "train.parquet", labels), params)
    dev, _ = _usable(read_rows(folder.splits / "dev.parquet", labels), params)
    known = frozenset(read_seen(champion)) if champion else frozenset()
    news, deferred = _choose_news([row for row in rows if row.document.row_id not in known], champion, params)
    history = [row for row in rows if row.document.row_id in known]
    replayed, shift = _choose_replay(news, history, params)
    taught = [row.document for row in (*news, *replayed)]
    general = draw_general(folder.workspace, params.general, taught, params.seed) if params.general and taught else []
    lesson = Lesson(
        news=tuple(row.document for row in news),
        history=(*(row.document for row in replayed), *general),
        dev=tuple(row.document for row in dev),
        labels=labels,
        champion=champion,
        checkpoints=checkpoints,
        seed=params.seed,
        threads=params.threads,
    )
    seen = tuple(sorted(known | {document.row_id for document in taught}))
    plan = Plan(lesson=lesson, seen=seen, history=len(history), skipped=skipped, general=len(general))
    return replace(plan, shift=shift, deferred=deferred)


def _choose_news(news: list[Row], champion: Path | None, params: LessonParams) -> tuple[list[Row], Mapping[SourceName, int]]:
    """Cap sources, but for a cold start: that learns all that there is, and has no cycle's news."""
    if champion is None or params.max_share is None:
        return news, {}
    return cap_sources(news, params.max_share)


def _choose_replay(news: list[Row], history: list[Row], params: LessonParams) -> tuple[list[Row], Shift | None]:
    replay = params.replay
    shift = measure_shift(news, history, replay.alarm, params.seed) if replay.alarm else None
    if replay.alarm and shift and shift.is_alarm:
        replay = replay.model_copy(update={"share": max(replay.share, replay.alarm.share)})
    return sample_history(history, count_replayed(len(news), len(history), replay), params.seed), shift


def read_seen(model: Path) -> tuple[Digest, ...]:
    """Read the digests that a model was trained on, its ancestors' included; raises :class:`WorkspaceError` without them."""
    return read_json(model / "seen.json", tuple[Digest, ...])


def _usable(rows: list[Row], params: LessonParams) -> tuple[list[Row], int]:
    if params.learner.kind == "causal_lm":
        return rows, 0
    labelled = [row for row in rows if row.document.label]
    return labelled, len(rows) - len(labelled)
