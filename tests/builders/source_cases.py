"""What a source must bring to be put to the contract of all sources: a small world that a scripted server speaks for.

``script(server, step)`` makes the server speak as the source does: at step 0 for the first look, at 1 after something appeared.
Each source's case lives in ``cases_<source>.py`` beside this file and is found by its name.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pipelines.detect.sources import Access, Source
from tests.builders.servers import Fault, ScriptedServer

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SOURCES = (
    "federal_register",
    "ecfr",
    "regulations_gov",
    "clinicaltrials_gov",
    "openfda_enforcement",
    "pubmed",
    "s3_bucket",
    "folder",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCase:
    """One source and its world.

    ``known`` are the document ids to be found at step 0, ``appearing`` those that are new at step 1. ``redelivered`` says how
    many revisions of step 0 the overlap may bring again at step 1. ``spoilt`` maps a field's name, as the error must say it, to
    a fault that removes that field or changes its type in every answer. ``shifting`` scripts a list that changes between its
    pages and returns the ids to be found all the same (``None`` where the API gives no pages). ``secrets`` are given to the
    source and must appear nowhere.
    """

    name: str
    source: Source
    script: Callable[[ScriptedServer, int], None]
    known: frozenset[str]
    appearing: frozenset[str]
    redelivered: int = 1_000_000
    spoilt: Mapping[str, Fault] = field(default_factory=dict)
    shifting: Callable[[ScriptedServer], frozenset[str]] | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    is_http: bool = True

    def access(self, server: ScriptedServer, now: datetime = NOW) -> Access:
        return Access(now=now, base_urls={self.source_kind: server.url}, secrets=self.secrets)

    @property
    def source_kind(self) -> str:
        source: Any = self.source
        return str(source.kind)


def build_cases() -> list[SourceCase]:
    """Return the cases of all sources that are there, in a fixed order."""
    cases = []
    for name in SOURCES:
        module = f"tests.builders.cases_{name}"
        if importlib.util.find_spec(module):
            case: SourceCase = importlib.import_module(module).build_case()
            cases.append(case)
    return cases
