"""The rows that all models of a run are scored on. Without a reserved look there is dev and nothing else that was kept back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from pipelines.domain.identities import Digest, FamilyId, SourceName, digest_value
from pipelines.domain.models import Lineage
from pipelines.domain.pins import Pin
from pipelines.domain.scorecards import Slice
from pipelines.evaluate.contrasts import Contrast, read_contrasts
from pipelines.evaluate.params import EvaluateParams
from pipelines.evaluate.subgroups import find_subgroups
from pipelines.files import read_json
from pipelines.learners.protocols import Document
from pipelines.learners.rows import Row, read_rows
from pipelines.workspace import DomainFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Rows by slice (never an empty slice), amended documents, and the declared subgroups by the id of whoever is in any."""

    rows: Mapping[Slice, tuple[Row, ...]]
    contrasts: tuple[Contrast, ...]
    subgroups: Mapping[Digest, tuple[str, ...]]

    @property
    def documents(self) -> list[Document]:
        """Every row's document once, though ``FRESH`` and ``ESTABLISHED`` are parts of ``HOLDOUT``."""
        return _list_documents(self.rows)


def gather_material(folder: DomainFolder, pin: Pin, lineage: Lineage, params: EvaluateParams) -> Material:
    """Read what this run may see; ``lineage`` is the candidate's, whose labels decide which rows a classifier is scored on."""
    slices = _read_slices(folder, pin, lineage.labels)
    contrasts = read_contrasts(folder.splits / "currency.parquet") if pin.look else []
    if lineage.learner == "causal_lm":
        slices |= {Slice.GENERAL: read_general()} if params.has_general else {}
        contrasts = [contrast for contrast in contrasts if contrast.is_of_text]
    else:
        slices = {part: [row for row in rows if row.document.label] for part, rows in slices.items()}
        contrasts = [contrast for contrast in contrasts if contrast.document.label in lineage.labels]
    kept = {part: tuple(rows[: params.rows]) for part, rows in slices.items() if rows}
    asked = tuple(contrasts[: params.rows])
    documents = [*_list_documents(kept), *(contrast.document for contrast in asked)]
    return Material(rows=kept, contrasts=asked, subgroups=find_subgroups(documents, params.subgroups))


def _list_documents(rows: Mapping[Slice, Sequence[Row]]) -> list[Document]:
    unique = {row.document.row_id: row.document for part in rows.values() for row in part}
    return [unique[row_id] for row_id in sorted(unique)]


def _read_slices(folder: DomainFolder, pin: Pin, labels: tuple[str, ...]) -> dict[Slice, list[Row]]:
    slices = {Slice.DEV: read_rows(folder.splits / "dev.parquet", labels)}
    if pin.look is None:
        return slices
    slices[Slice.HOLDOUT] = read_rows(folder.splits / "holdout.parquet", labels)
    slices[Slice.ANCHOR] = read_rows(folder.splits / "anchor.parquet", labels)
    if pin.champion is not None:
        cut_off = read_json(folder.champion / "lineage.json", Lineage).ingest_seq
        slices[Slice.FRESH] = [row for row in slices[Slice.HOLDOUT] if row.ingest_seq > cut_off]
        slices[Slice.ESTABLISHED] = [row for row in slices[Slice.HOLDOUT] if row.ingest_seq <= cut_off]
    return slices


def read_general() -> list[Row]:
    """Return sentences of everyday English, written for this purpose: a specialist must not forget how to read."""
    sentences: list[str] = json.loads(files("pipelines.evaluate").joinpath("general.json").read_text(encoding="utf-8"))
    rows = [
        Row(
            document=Document(row_id=Digest(digest_value(["general", sentence])), text=sentence),
            family_id=FamilyId("general"),
            source=SourceName("general"),
            published_at=date(2026, 1, 1),
            ingest_seq=0,
        )
        for sentence in sentences
    ]
    return sorted(rows, key=lambda row: row.document.row_id)
