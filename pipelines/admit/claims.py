"""A labelled row as the screens of labels read it: a text, and what its source claims that it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pipelines.domain.identities import Digest, FamilyId, SourceName
from pipelines.domain.reading import compose_text
from pipelines.domain.revisions import Revision, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One revision in force that says a label of itself."""

    digest: Digest
    source: SourceName
    family: tuple[SourceName, FamilyId]
    text: str
    label: str


def list_claims(revisions: Iterable[Revision], declared: Collection[str]) -> list[Claim]:
    """Return the revisions in force that have a declared label, in order; of several the first counts, as it does in training.

    Where no label is declared any is fine.
    """
    claims: list[Claim] = []
    for revision in revisions:
        label = next((label for label in revision.labels if label in declared or not declared), "")
        if label and revision.status is Status.ACTIVE:
            text = compose_text(revision.title, revision.text)
            family = (revision.source, revision.family_id)
            claims.append(Claim(digest=revision.digest, source=revision.source, family=family, text=text, label=label))
    return claims
