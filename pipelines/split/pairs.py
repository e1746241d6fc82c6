"""Currency pairs: an amended document's text in force against the text just before it, from which a model is asked to choose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from pipelines.domain.revisions import Entry, Status
from pipelines.split.assignments import SplitName
from pipelines.split.separation import Placed, Separation
from pipelines.tables import PAIR_SCHEMA


@dataclass(frozen=True, slots=True)
class Amendment:
    """A document's revision in force and the one that it replaced."""

    before: Entry
    in_force: Entry


def find_amendments(separation: Separation, currency_from: Sequence[str]) -> list[Amendment]:
    """Return the amended documents of families in the splits ``currency_from``, in the order of their rows in force.

    Currency probes knowledge of text that was trained on, so by default ``currency_from`` is the train split alone, and a
    row in force that a bridge or a copied passage keeps out of training asks nothing either; decontamination has no other say
    in this. The text before is the latest superseded revision that curation kept (by effect, then arrival). Where neither text
    nor labels differ, nothing was amended.
    """
    superseded: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
    for row in separation.placed:
        if row.entry.revision.status is Status.SUPERSEDED:
            superseded[_document(row.entry)].append(row.entry)
    amendments: list[Amendment] = []
    for row in separation.placed:
        earlier = superseded.get(_document(row.entry))
        if not row.is_active or row.split.value not in currency_from or is_untaught(row, separation) or not earlier:
            continue
        amendment = Amendment(before=max(earlier, key=_validity), in_force=row.entry)
        if _is_different(amendment):
            amendments.append(amendment)
    return amendments


def is_untaught(row: Placed, separation: Separation) -> bool:
    """Tell whether a row in force was kept out of what it would ask about: by a bridge, or of train by a copied passage."""
    digest = row.entry.digest
    return digest in separation.bridging or (row.split is SplitName.TRAIN and digest in separation.contaminated)


def tabulate_pairs(amendments: Sequence[Amendment]) -> pa.Table:
    """Return the amendments as rows of ``PAIR_SCHEMA``: the question is the title in force, the label its first one."""
    return pa.Table.from_pylist([_row(amendment) for amendment in amendments], schema=PAIR_SCHEMA)


def _row(amendment: Amendment) -> dict[str, object]:
    entry, revision = amendment.in_force, amendment.in_force.revision
    return {
        "row_id": entry.digest,
        "document_id": revision.document_id,
        "family_id": revision.family_id,
        "source": revision.source,
        "question": revision.title,
        "text_before": amendment.before.revision.text,
        "text_in_force": revision.text,
        "label": revision.labels[0] if revision.labels else "",
        "effective_from": revision.effective_from,
        "ingest_seq": entry.ingest_seq,
    }


def _is_different(amendment: Amendment) -> bool:
    before, in_force = amendment.before.revision, amendment.in_force.revision
    return (before.text, before.labels) != (in_force.text, in_force.labels)


def _document(entry: Entry) -> tuple[str, str]:
    return entry.revision.source, entry.revision.document_id


def _validity(entry: Entry) -> tuple[str, int, str]:
    return entry.revision.effective_from.isoformat(), entry.ingest_seq, entry.digest
