"""Frames for the data checks, valid unless told otherwise: one row a document."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from data_checks.columns import DROP_COLUMNS, ColumnKind, join_labels
from data_checks.expectations import DropExpectations, RowExpectations

TODAY = date(2026, 6, 1)
DTYPES = {ColumnKind.TEXT: "str", ColumnKind.DATE: "datetime64[s]", ColumnKind.RATE: "float64"}


def build_row(number: int = 0, **cells: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "row_id": f"row-{number:06d}",
        "identity": f"document {number}",
        "source": "folder",
        "family": f"family {number}",
        "status": "active",
        "title": f"Title {number}",
        "text": f"Rule {number} says in plain words what a firm must do, and by when.",
        "labels": join_labels(["Class I"]),
        "published_at": date(2026, 1, 1),
        "effective_from": date(2026, 1, 1),
        "effective_to": None,
        "language": "en",
        "certainty": 0.99,
        "orders": 0.0,
        "shift": 1.0,
    }
    return {**defaults, **cells}


def build_frame(*rows: dict[str, Any]) -> pd.DataFrame:
    columns = {name: pd.array([row[name] for row in rows], dtype=DTYPES[kind]) for name, kind in DROP_COLUMNS.items()}
    return pd.DataFrame(columns)


def build_rows(count: int, **cells: Any) -> list[dict[str, Any]]:
    return [build_row(number, **cells) for number in range(count)]


def expect_rows(**fields: Any) -> RowExpectations:
    return RowExpectations(**{"today": TODAY, "labels": ("Class I", "Class II"), "languages": ("en",), **fields})


def expect_drop(**fields: Any) -> DropExpectations:
    return DropExpectations(**{"rows": expect_rows(), "source": "folder", **fields})
