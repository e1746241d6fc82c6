"""No library calls home in any test, and the examples of a property are the same at every run: a law fails always or never."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from pipelines.settings import QUIET

settings.register_profile("laws", derandomize=True, deadline=None)
settings.load_profile("laws")


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUIET.items():
            patch.setenv(name, value)
        yield
