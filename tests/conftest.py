"""No library calls home, in any test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.settings import QUIET


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUIET.items():
            patch.setenv(name, value)
        yield
