"""Revisions as the frame that the data checks read; the only place where the two vocabularies meet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from data_checks.columns import join_labels
from pipelines.admit.languages import detect_languages
from pipelines.domain.revisions import Revision

if TYPE_CHECKING:
    import pandas as pd

SURROUNDINGS = " \t\r\n\u00a0"
"""White space that may surround a text. Python's own ``strip`` would take some control characters too, and hide the damage."""


def tabulate_rows(revisions: Sequence[Revision], min_certainty: float) -> pd.DataFrame:
    """Return one row a revision, in order; see :mod:`data_checks.columns`.

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
