"""No library calls home, and the warnings of others that we can do nothing about are named, so that all else stays an error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.settings import QUIET

WITH_MLFLOW_OR_PREFECT = ("tests/flows/", "tests/journeys/", "tests/recovery/", "tests/promote/", "tests/test_tracking.py")
THIRD_PARTY = (
    "ignore:The ``noload`` loader strategy",  # MLflow asks SQLAlchemy 2.1 for what it will remove
    "ignore:.*Any type hint is inferred as AnyType",  # MLflow about its own types
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(part in item.path.as_posix() for part in WITH_MLFLOW_OR_PREFECT):
            for line in THIRD_PARTY:
                item.add_marker(pytest.mark.filterwarnings(line))


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUIET.items():
            patch.setenv(name, value)
        yield
