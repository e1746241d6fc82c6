"""A series through the product's first stages, a year at a time: appended to a Delta corpus, pinned, and split as it stood then.

All arms and seeds learn from these very splits, so a year is snapshot, curated and split once; what was made stays on disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.series import Series
from pipelines.catalog import StageName, run_stage
from pipelines.corpus.tables import Corpus
from pipelines.domain.identities import DropId
from pipelines.domain.pins import CorpusPin, Pin
from pipelines.domain.revisions import Entry
from pipelines.files import read_json, write_json
from pipelines.learners.rows import read_rows
from pipelines.params import DomainParams
from pipelines.settings import Settings
from pipelines.workspace import DomainFolder, Workspace

EARLY = (StageName.SNAPSHOT, StageName.CURATE, StageName.SPLIT)


@dataclass(frozen=True, slots=True)
class Splits:
    """Where the years of a series lie."""

    series: Series
    root: Path

    @property
    def settings(self) -> Settings:
        """The settings under which all stages of this series run: a home of its own, and no MLflow run."""
        return Settings(home=self.root / "home", mlflow_run=None)

    def folder(self, drop: int) -> DomainFolder:
        """Return the domain's folder as of a drop: pin, snapshot, curated documents and splits."""
        return self.workspace(drop).of(self.series.name)

    def workspace(self, drop: int) -> Workspace:
        """Return the workspace in which a drop was split."""
        return Workspace(self.root / "years" / f"{drop:02d}")

    def pin(self, drop: int) -> CorpusPin:
        """Return the corpus as it stood after a drop."""
        return read_json(self.folder(drop).pin, Pin).corpus

    def read_entries(self, drop: int) -> list[Entry]:
        """Return the entries as they stood after a drop."""
        return self._corpus().read(self.pin(drop))

    def find_held_out(self, rows: int | None) -> Mapping[int, frozenset[str]]:
        """Return the ids of each drop's documents that no model is ever trained or chosen on: holdout and anchor, at the end.

        At most ``rows`` of a drop (``None``: all), those of the lowest digests, which are in no order of anything.
        The families of a split never change, so what is held out in the end was held out in every year.
        """
        splits = self.folder(len(self.series.drops) - 1).splits
        kept = [row for part in ("holdout", "anchor") for row in read_rows(splits / f"{part}.parquet", self.series.labels)]
        held = {row.document.row_id for row in kept}
        return {
            drop.number: frozenset(sorted({revision.digest for revision in drop.revisions} & held)[:rows])
            for drop in self.series.drops
        }

    def _corpus(self) -> Corpus:
        return Corpus.open(self.settings.corpus_address(self.series.name))

    def append(self, drop: int) -> CorpusPin:
        """Append a drop to the corpus (again is once) and return the corpus as it stands."""
        corpus, arrived = self._corpus(), self.series.drops[drop]
        corpus.append(DropId(f"{self.series.name} {arrived.name}"), arrived.revisions)
        return corpus.pin()


def prepare_splits(series: Series, params: DomainParams, root: Path) -> Splits:
    """Bring every drop to the corpus in order, and run snapshot, curate and split on each year's pin; what is done stays."""
    splits = Splits(series, root)
    for drop in series.drops:
        folder = splits.folder(drop.number)
        if (folder.splits / "report.json").is_file():
            continue
        pin = Pin(corpus=splits.append(drop.number), champion=None, anchor=None, look=None, reason=f"the drop of {drop.name}")
        write_json(folder.pin, pin)
        for stage in EARLY:
            run_stage(stage, series.name, params, splits.workspace(drop.number), splits.settings)
    return splits
