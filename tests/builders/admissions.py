"""Drops, their admission and their landing, with defaults: English revisions of distinct documents, labelled in turn."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

from pipelines.admit.admission import Admission, AdmissionContext, admit_drop
from pipelines.admit.params import AdmitParams
from pipelines.domain.drops import Cursor, Drop, RawResponse
from pipelines.domain.identities import DomainName, SourceName
from pipelines.domain.revisions import Revision
from tests.builders.revisions import build_revision

TODAY = date(2026, 6, 1)
LABELS = ("Class I", "Class II", "Class III")
REFERENCE = {"Class I": 100, "Class II": 100, "Class III": 100}
PLANTED = "Mr Olav Testmann, born 3 May 1951, MRN 4711-0815"
"""Personal data of nobody, to be planted where it must not come out again."""


def build_revisions(count: int, *, first: int = 0, **fields: Any) -> list[Revision]:
    return [
        build_revision(f"doc-{number}", **{"labels": (LABELS[number % len(LABELS)],), **fields})
        for number in range(first, first + count)
    ]


def build_received_drop(*revisions: Revision, **fields: Any) -> Drop:
    response = RawResponse(
        url="https://example.org/documents.json?page=1", media_type="application/json", body=b'{"results": []}'
    )
    defaults: dict[str, Any] = {
        "domain": DomainName("clinical"),
        "source": SourceName("folder"),
        "revisions": revisions,
        "responses": (response,),
        "cursor": Cursor('{"until": "2026-06-01"}'),
    }
    return Drop(**{**defaults, **fields})


def build_params(**fields: Any) -> AdmitParams:
    return AdmitParams(**{"labels": LABELS, **fields})


def build_context(**fields: Any) -> AdmissionContext:
    return AdmissionContext(**{"today": TODAY, **fields})


def admit(*revisions: Revision, params: AdmitParams | None = None, **context: Any) -> Admission:
    return admit_drop(build_received_drop(*revisions), params or build_params(), build_context(**context))


@cache
def decide(drop: Drop, params: AdmitParams | None = None) -> Admission:
    """The decision about a drop in a world that knows nothing yet; asked once, since it is the same each time."""
    return admit_drop(drop, params or build_params(), build_context())


DEFECTS: dict[str, dict[str, Any]] = {
    "published_at is sane": {"published_at": TODAY + timedelta(days=31)},
    "effective_from is sane": {"effective_from": date(1699, 12, 31)},
    "effective_to is after effective_from": {"effective_to": date(2026, 1, 1)},
    "title is present": {"title": " \u00a0"},
    "text has a sane length": {"text": "Too short."},
    "text has no encoding damage": {"text": "The cafÃ© serves a meal that is long enough to be checked."},
    "title has no encoding damage": {"title": "A rule \ufffd with a hole"},
    "language is expected": {
        "text": "Livsmedelsverket återkallar en produkt eftersom den innehåller mjölk som inte anges på förpackningen."
    },
    "label is declared": {"labels": ("Class IV",)},
}
"""By expectation, the one field that breaks it and nothing else."""
