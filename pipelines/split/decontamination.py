"""Leaves out of the splits what repeats a passage of the other side, both ways, and stops where that is no accident any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipelines.domain.errors import StageError
from pipelines.domain.reading import compose_text
from pipelines.domain.revisions import Entry
from pipelines.split.assignments import SplitName, assign_family
from pipelines.split.contamination import Passage, find_contaminated
from pipelines.split.params import Decontamination, SplitParams
from pipelines.split.separation import Separation
from pipelines.tables import ENTRY_SCHEMA, read_entries, read_table
from pipelines.workspace import DomainFolder

ASKED = (SplitName.DEV, SplitName.HOLDOUT, SplitName.ANCHOR)


def decontaminate(separation: Separation, folder: DomainFolder, params: SplitParams) -> Separation:
    """Return the separation with the rows of train, dev, holdout and anchor that repeat the other side marked as contaminated.

    Evaluation rows in force are held against everything that the corpus ever held of families in train, whether it is still in
    force, was superseded or withdrawn, or left in curation: more than any champion, anchor or ancestor of theirs can have been
    taught. What a pretrained base has read nobody knows, so it is no part of this.

    Raises:
        StageError: more than ``max_share`` of what is taught, or of what is asked, would be left out.
        WorkspaceError: the snapshot is missing or has other columns.
    """
    if params.decontamination is None:
        return separation
    taught_once = _list_former(separation, folder, params)
    found = find_contaminated([*_list_passages(separation), *taught_once], params.decontamination)
    marked = replace(separation, contaminated=found - separation.bridging)
    _refuse_too_many(separation, marked, params.decontamination)
    return marked


def _list_passages(separation: Separation) -> Iterator[Passage]:
    for row in separation.placed:
        is_asked = row.split in ASKED and row.is_active and row.entry.digest not in separation.bridging
        if is_asked or row.split is SplitName.TRAIN:
            yield _read_passage(row.entry, is_asked=is_asked)


def _list_former(separation: Separation, folder: DomainFolder, params: SplitParams) -> list[Passage]:
    """Return what the snapshot holds of families in train and curation left out: an ancestor may have been taught it."""
    curated = {row.entry.digest for row in separation.placed}
    entries = read_entries(read_table(folder.snapshot / "revisions.parquet", ENTRY_SCHEMA))
    gone = [entry for entry in entries if entry.digest not in curated]
    families = {entry.revision.family_id for entry in gone}
    taught = {family for family in families if assign_family(params.key, family, params.shares) is SplitName.TRAIN}
    return [_read_passage(entry, is_asked=False) for entry in gone if entry.revision.family_id in taught]


def _read_passage(entry: Entry, *, is_asked: bool) -> Passage:
    revision = entry.revision
    text = compose_text(revision.title, revision.text)
    return Passage(digest=entry.digest, family_id=revision.family_id, text=text, arrival=entry.ingest_seq, is_asked=is_asked)


def _refuse_too_many(before: Separation, after: Separation, params: Decontamination) -> None:
    for name, parts in (("taught", (SplitName.TRAIN,)), ("asked", ASKED)):
        rows, left = (_count(one, parts) for one in (before, after))
        if rows - left > params.max_share * rows:
            raise StageError(
                f"split: {rows - left} of {rows} rows that would be {name} repeat {params.words} words of the other side, more "
                f"than {params.max_share:.1%}: see which drops brought them (`addendum drop list`) and withdraw what was copied; "
                "where it is boilerplate, lower `decontamination.common`, or raise `max_share`"
            )


def _count(separation: Separation, parts: Sequence[SplitName]) -> int:
    return sum(len(separation.members(part)) for part in parts)
