"""Whether a frame is one that the suites can read at all: every column there, of its kind, without gaps, row ids unique.

These are asked before the engine starts: an expectation on a column that is missing, or of mixed kinds, raises inside the
engine, and its message quotes the cells that it stumbled over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from data_checks.columns import NULLABLE, ColumnKind
from data_checks.findings import DropFailure


def check_form(frame: pd.DataFrame, columns: Mapping[str, ColumnKind]) -> tuple[DropFailure, ...]:
    """Return what is wrong with the frame's form, in the order of ``columns``; columns beyond them are not looked at."""
    failures = tuple(failure for name, kind in columns.items() for failure in _check_column(frame, name, kind))
    repeated = 0 if failures else int(frame["row_id"].duplicated(keep=False).sum())
    if repeated:
        return (DropFailure(expectation="row ids are unique", observed=f"{repeated} rows share theirs", limit="no row"),)
    return failures


def _check_column(frame: pd.DataFrame, name: str, kind: ColumnKind) -> Iterator[DropFailure]:
    limit = f"a column of kind {kind.value}"
    if name not in frame.columns:
        yield DropFailure(expectation=f"column {name} is there", observed="missing", limit=limit)
        return
    gaps = int(frame[name].isna().sum())
    if not _is_of_kind(frame[name].dropna(), kind):
        yield DropFailure(expectation=f"column {name} is of its kind", observed="of another kind, or of several", limit=limit)
    if gaps and name not in NULLABLE:
        yield DropFailure(expectation=f"column {name} has no gaps", observed=f"{gaps} rows have one", limit="no row")


def _is_of_kind(cells: pd.Series, kind: ColumnKind) -> bool:
    if kind is ColumnKind.TEXT:
        return bool(pd.api.types.is_string_dtype(cells))
    if kind is ColumnKind.DATE:
        return bool(pd.api.types.is_datetime64_dtype(cells))
    return bool(pd.api.types.is_float_dtype(cells))
