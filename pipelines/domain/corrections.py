"""A reviewer's correction of a label: a revision like any other, which says who made it and leaves what it corrects in place."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from pipelines.domain.identities import DocumentId, Json, SourceName, digest_value, shorten
from pipelines.domain.revisions import Revision

MARK = "#corrected-by-"
"""Stands in the address of a corrected revision, behind the address of what was corrected."""

REVIEWER = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
"""A handle that a team gives its reviewers. It is written into the corpus, so it must not be an address of a person."""

_SIGNED = re.compile(rf"{MARK}({REVIEWER.pattern})~[0-9a-f]{{12}}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a reviewer says of a document; ``ordinal`` counts what reviewers said of it before, from 1."""

    source: SourceName
    document_id: DocumentId
    label: str
    reviewer: str
    reason: str
    ordinal: int

    def settles(self, revision: Revision) -> bool:
        """Tell whether the revision has the label, and no other, already."""
        return revision.labels == (self.label,)

    def apply(self, revision: Revision, recorded_at: datetime) -> Revision:
        """Return the revision with the label: learned later, valid as long, and otherwise the same.

        The address names the reviewer, and stands for the reason and the place among all that was said of the document, so that
        a label which is corrected back and forth is a new revision each time.
        """
        said: list[Json] = [self.source, self.document_id, self.label, self.reviewer, self.reason, self.ordinal]
        address = _SIGNED.sub("", revision.url)
        signed = f"{address}{MARK}{self.reviewer}~{shorten(digest_value(said))}"
        return replace(revision, labels=(self.label,), url=signed, recorded_at=recorded_at)


def find_reviewer(revision: Revision) -> str | None:
    """Return the handle of the reviewer whose correction the revision is, ``None`` where it is a source's own word."""
    signed = _SIGNED.search(revision.url)
    return signed.group(1) if signed else None
