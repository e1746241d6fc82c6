"""The frame that the checks read: which columns it has, of which kind, and what a cell of each means.

Whoever calls builds it; the checks refuse a frame that is not like this before they look at a single row.

==================  ====  =======================================================================================
column              kind  meaning
==================  ====  =======================================================================================
``row_id``          text  what a failure is reported under; unique, and not personal data (a digest)
``identity``        text  what makes a row *the* version of its document; no two rows may share it
``source``          text  who published it
``family``          text  what must never straddle a split; labels are counted once a family
``status``          text  ``active``, ``withdrawn``, …; rows whose status retires a document are not read for content
``title``           text  without surrounding white space
``text``            text  without surrounding white space
``labels``          text  joined by :func:`join_labels`; empty when it has none
``published_at``    date  a time-zone-free date
``effective_from``  date  the first day in force
``effective_to``    date  the first day no longer in force; may be missing
``language``        text  ISO 639-1 code, or ``und`` where it is not told reliably; read by :func:`check_drop` only
``certainty``       rate  how sure the language is, 0 to 1; read by :func:`check_drop` only
``orders``          rate  places that address a language model or hide characters; read by :func:`check_drop` only
``shift``           rate  by how many times a figure differs from the revision in force, 1 for none; likewise
==================  ====  =======================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

LABEL_SEPARATOR = "\x1f"
"""ASCII's unit separator: no label of any source holds it, and a label that did would not be in a declared set."""

UNDETERMINED = "und"
"""ISO 639-2's code for a language that is not known."""


class ColumnKind(Enum):
    """What a column holds."""

    TEXT = "text"
    DATE = "date"
    RATE = "rate"


CORPUS_COLUMNS = {
    "row_id": ColumnKind.TEXT,
    "identity": ColumnKind.TEXT,
    "source": ColumnKind.TEXT,
    "family": ColumnKind.TEXT,
    "status": ColumnKind.TEXT,
    "title": ColumnKind.TEXT,
    "text": ColumnKind.TEXT,
    "labels": ColumnKind.TEXT,
    "published_at": ColumnKind.DATE,
    "effective_from": ColumnKind.DATE,
    "effective_to": ColumnKind.DATE,
}
DROP_COLUMNS = {
    **CORPUS_COLUMNS,
    "language": ColumnKind.TEXT,
    "certainty": ColumnKind.RATE,
    "orders": ColumnKind.RATE,
    "shift": ColumnKind.RATE,
}
NULLABLE = frozenset({"effective_to"})


def join_labels(labels: Iterable[str]) -> str:
    """Return the labels of one row as the text that the ``labels`` column holds: each ended by the separator."""
    return "".join(f"{label}{LABEL_SEPARATOR}" for label in labels)


def split_labels(cell: str) -> tuple[str, ...]:
    """Return what :func:`join_labels` joined."""
    return tuple(cell.split(LABEL_SEPARATOR)[:-1])
