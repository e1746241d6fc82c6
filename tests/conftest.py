"""Warnings of other people's libraries that we can do nothing about, each named, so that all others stay errors."""

from __future__ import annotations

import pytest

WITH_MLFLOW_OR_PREFECT = ("tests/flows/", "tests/promote/", "tests/test_tracking.py")
THIRD_PARTY = (
    "ignore:The ``noload`` loader strategy",  # MLflow asks SQLAlchemy 2.1 for what it will remove
    "ignore:.*Any type hint is inferred as AnyType",  # MLflow about its own types
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(part in item.path.as_posix() for part in WITH_MLFLOW_OR_PREFECT):
            for line in THIRD_PARTY:
                item.add_marker(pytest.mark.filterwarnings(line))
