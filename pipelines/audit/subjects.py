"""What is audited, with everything that a probe may look at: read from files when it is asked for, and not before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.identities import FamilyId, Json, digest_value
from pipelines.domain.models import Lineage
from pipelines.domain.pins import Look, Pin
from pipelines.files import read_json
from pipelines.learners.cards import read_card
from pipelines.learners.predictors import load_predictor
from pipelines.learners.protocols import Predictor
from pipelines.learners.rows import Row, read_rows
from pipelines.lessons.params import LessonParams
from pipelines.lessons.planning import Plan, find_start, plan_lesson
from pipelines.workspace import DomainFolder

SPLITS = ("train", "dev", "holdout", "anchor")
KEPT_BACK = ("dev", "holdout")
"""The splits of which the candidate learned nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The candidate in ``folder``: by which look it is judged, how it was trained, and on which labels."""

    folder: DomainFolder
    pin: Pin
    look: Look
    training: LessonParams
    labels: tuple[str, ...]

    @property
    def is_language_model(self) -> bool:
        """Whether it writes text, rather than labels."""
        return read_card(self.folder.model).kind == "causal_lm"

    def seed(self, *parts: str) -> int:
        """Return the seed of something drawn: fixed by the look before the candidate exists."""
        named: list[Json] = ["audit", self.look.generation, self.look.t, self.look.plan, *parts]
        return int(digest_value(named)[:15], 16)

    def load_candidate(self) -> Predictor:
        """Read the candidate."""
        return load_predictor(self.folder.model, self.training.threads)

    def load_champion(self) -> Predictor | None:
        """Read the champion, ``None`` while there is none; raises :class:`NotMeasurableError` for another kind of model."""
        if self.pin.champion is None:
            return None
        if (read_card(self.folder.champion).kind == "causal_lm") is not self.is_language_model:
            raise NotMeasurableError("the champion is another kind of model")
        return load_predictor(self.folder.champion, self.training.threads)

    def plan_lesson(self) -> Plan:
        """Return the lesson that the candidate was taught, with the champion that it started from."""
        champion = find_start(self.folder, self.pin, self.training)
        return plan_lesson(self.folder, self.training, self.labels, champion, None)

    def read_learned(self) -> list[Row]:
        """Return the rows of ``train`` that this candidate learned as news."""
        news = {document.row_id for document in self.plan_lesson().lesson.news}
        return [row for row in self._read(["train"]) if row.document.row_id in news]

    def read_kept_back(self) -> list[Row]:
        """Return the rows of dev and holdout."""
        return self._read(KEPT_BACK)

    def read_all(self) -> list[Row]:
        """Return the rows of every split, learned or not."""
        return self._read(SPLITS)

    def read_holdout(self) -> list[Row]:
        """Return the rows of the holdout."""
        return self._read(["holdout"])

    def find_cut_off(self) -> int:
        """Return the last arrival that the champion may know; 0 while there is none."""
        return read_json(self.folder.champion / "lineage.json", Lineage).ingest_seq if self.pin.champion else 0

    def _read(self, splits: Iterable[str]) -> list[Row]:
        rows = [row for split in splits for row in read_rows(self.folder.splits / f"{split}.parquet", self.labels)]
        return [row for row in rows if row.document.text and (self.is_language_model or row.document.label)]


def choose_rows(rows: Sequence[Row], count: int, seed: int) -> list[Row]:
    """Return at most ``count`` rows of as many families, so that they are independent of each other, ordered by digest.

    Which row of a family and which families follows from ``seed`` and the rows' digests alone.
    """
    chosen: dict[FamilyId, Row] = {}
    for row in sorted(rows, key=lambda row: digest_value([seed, row.document.row_id])):
        chosen.setdefault(row.family_id, row)
    return sorted(list(chosen.values())[:count], key=lambda row: row.document.row_id)
