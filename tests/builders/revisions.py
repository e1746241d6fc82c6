"""Revisions, entries and detections with defaults, so that a test shows only the field that matters."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from pipelines.domain.drops import Cursor, Drop
from pipelines.domain.identities import DocumentId, DomainName, FamilyId, SourceName
from pipelines.domain.revisions import Entry, Revision

RECORDED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def build_revision(document: str = "doc-1", **fields: Any) -> Revision:
    defaults: dict[str, Any] = {
        "source": SourceName("folder"),
        "document_id": DocumentId(document),
        "family_id": FamilyId(f"family of {document}"),
        "title": f"Title of {document}",
        "text": f"The text of {document} is long enough to be read as an English sentence about a rule.",
        "labels": (),
        "published_at": date(2026, 1, 1),
        "effective_from": date(2026, 1, 1),
        "recorded_at": RECORDED,
        "url": f"https://example.org/{document}",
        "licence": "public domain",
    }
    return Revision(**{**defaults, **fields})


def build_entry(document: str = "doc-1", *, ingest_seq: int = 1, drop_id: str = "drop-1", **fields: Any) -> Entry:
    revision = build_revision(document, **fields)
    return Entry(revision=revision, digest=revision.digest, drop_id=drop_id, ingest_seq=ingest_seq)


def build_drop(*revisions: Revision, domain: str = "clinical", source: str = "folder", cursor: str = "1") -> Drop:
    return Drop(
        domain=DomainName(domain),
        source=SourceName(source),
        revisions=revisions or (build_revision(),),
        responses=(),
        cursor=Cursor(cursor),
    )
