"""Revisions as the frame that the data checks read; the only place where the two vocabularies meet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from data_checks.columns import join_labels
from pipelines.admit.screens import count_orders, measure_shift
from pipelines.domain.identities import DocumentId, SourceName
from pipelines.domain.reading import compose_text
from pipelines.domain.revisions import Revision
from pipelines.languages import detect_languages

if TYPE_CHECKING:
    import pandas as pd

SURROUNDINGS = " \t\r\n\u00a0"
"""White space that may surround a text. Python's own ``strip`` would take some control characters too, and hide the damage."""


Document: TypeAlias = tuple[SourceName, DocumentId]
"""What all revisions of one document share."""


def tabulate_rows(revisions: Sequence[Revision], min_certainty: float, in_force: Mapping[Document, str]) -> pd.DataFrame:
    """Return one row a revision, in order; see :mod:`data_checks.columns`. ``in_force`` has texts to compare figures with.

    Two rows are the same version of a document when source, document, first day in force and status agree: of two such rows
    with different content nobody can say which is right.
    """
    import pandas as pd

    columns: dict[str, list[str]] = {
        "row_id": [revision.digest for revision in revisions],
        "identity": [identify(revision) for revision in revisions],
        "source": [revision.source for revision in revisions],
        "family": [revision.family_id for revision in revisions],
        "status": [revision.status.value for revision in revisions],
        "title": [revision.title.strip(SURROUNDINGS) for revision in revisions],
        "text": [revision.text.strip(SURROUNDINGS) for revision in revisions],
        "labels": [join_labels(revision.labels) for revision in revisions],
    }
    languages = detect_languages(columns["text"], min_certainty)
    columns["language"] = [language.code for language in languages]
    frame = pd.DataFrame({name: pd.array(cells, dtype="str") for name, cells in columns.items()})
    for name in ("published_at", "effective_from", "effective_to"):
        frame[name] = pd.array([getattr(revision, name) for revision in revisions], dtype="datetime64[s]")
    texts = [compose_text(revision.title, revision.text) for revision in revisions]
    before = [in_force.get((revision.source, revision.document_id)) for revision in revisions]
    shifts = [1.0 if old is None else measure_shift(old, new) for old, new in zip(before, texts, strict=True)]
    frame["orders"] = pd.array([float(count_orders(text)) for text in texts], dtype="float64")
    frame["shift"] = pd.array(shifts, dtype="float64")
    frame["certainty"] = pd.array([language.certainty for language in languages], dtype="float64")
    return frame


def identify(revision: Revision) -> str:
    """Return what makes ``revision`` the one version of its document from that day on, with that status."""
    parts = (revision.source, revision.document_id, revision.effective_from.isoformat(), revision.status.value)
    return "\x1f".join(parts)


def count_labels(revisions: Iterable[Revision]) -> Counter[str]:
    """Return how many families carry each label: what an :class:`AdmissionContext` wants as its reference."""
    pairs = {(revision.source, revision.family_id, label) for revision in revisions for label in revision.labels}
    return Counter(label for _, _, label in pairs)
