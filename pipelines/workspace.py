"""Every path, named once. A workspace is a clone of the repository; a run has a worktree of its own; state lives apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.domain.identities import DomainName, DropId, RunId

ENCODED = "encoded"
"""The folder of encoded texts, beside that of the checkpoints."""


@dataclass(frozen=True, slots=True)
class DomainFolder:
    """``data/<domain>``: what a pin laid there and what the pure stages make of it."""

    root: Path

    @property
    def workspace(self) -> Path:
        """The checkout that it is in: where ``params.yaml`` and whatever that names lie."""
        return self.root.parent.parent

    @property
    def pin(self) -> Path:
        """The pin that all stages read their part of."""
        return self.root / "pin.json"

    @property
    def champion(self) -> Path:
        """The champion's model folder; empty before the first promotion."""
        return self.root / "champion"

    @property
    def anchor(self) -> Path:
        """The anchor's model folder; empty before the first promotion."""
        return self.root / "anchor"

    @property
    def start(self) -> Path:
        """The earlier champion that the pin starts from; empty where it names none."""
        return self.root / "start"

    @property
    def snapshot(self) -> Path:
        """``snapshot`` writes ``revisions.parquet`` and ``manifest.json`` here."""
        return self.root / "snapshot"

    @property
    def curated(self) -> Path:
        """``curate`` writes ``documents.parquet``, ``dropped.parquet`` and ``report.json`` here."""
        return self.root / "curated"

    @property
    def card(self) -> Path:
        """``curate`` writes ``card.json``, and ``composition.csv`` for a plot, here: what it left, in counts."""
        return self.root / "card"

    @property
    def splits(self) -> Path:
        """``split`` writes ``{train,dev,holdout,anchor}.parquet``, ``currency.parquet`` and ``report.json`` here."""
        return self.root / "splits"

    @property
    def model(self) -> Path:
        """``train`` writes the candidate here: safetensors and JSON only, with ``lineage.json``."""
        return self.root / "model"

    @property
    def training(self) -> Path:
        """``train`` writes ``curve.csv`` and ``report.json`` here."""
        return self.root / "training"

    @property
    def scores(self) -> Path:
        """``evaluate`` writes ``outcomes.parquet``, ``scorecard.json``, ``metrics.json``, ``examples.json``, tables here."""
        return self.root / "scores"

    @property
    def audit(self) -> Path:
        """``audit`` writes ``report.json`` here: the costly probes, where they were due."""
        return self.root / "audit"

    @property
    def reference(self) -> Path:
        """The recipe of the champion (``recipe.json``), laid out from the record; an empty folder before the first."""
        return self.root / "reference"

    @property
    def verdict(self) -> Path:
        """``judge`` writes ``verdict.json`` and ``recipe.json`` here."""
        return self.root / "verdict"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A checkout: code, ``params.yaml``, ``dvc.yaml`` and ``data/``."""

    root: Path

    @property
    def params(self) -> Path:
        """The one file that describes the experiment."""
        return self.root / "params.yaml"

    def of(self, domain: DomainName) -> DomainFolder:
        """Return the domain's folder."""
        return DomainFolder(self.root / "data" / domain)


@dataclass(frozen=True, slots=True)
class Home:
    """``ADDENDUM_HOME``: the state that all runs of a team share."""

    root: Path

    def corpus(self, domain: DomainName) -> Path:
        """The domain's Delta table."""
        return self.root / "corpus" / domain

    def drop(self, domain: DomainName, drop_id: DropId) -> Path:
        """One drop as it landed: raw responses, revisions, report."""
        return self.root / "drops" / domain / drop_id

    def quarantine(self, domain: DomainName) -> Path:
        """Rows that failed a check, a file a drop."""
        return self.root / "quarantine" / domain

    def run(self, domain: DomainName, run_id: RunId) -> Path:
        """The git worktree of one run."""
        return self.root / "runs" / domain / run_id

    def replays(self, domain: DomainName) -> Path:
        """Where retrainings are replayed without what must be forgotten; nothing stays there."""
        return self.root / "replays" / domain

    def turn(self, domain: DomainName) -> Path:
        """The lock of whoever retrains the domain now."""
        return self.root / "runs" / f"{domain}.turn"

    def admission(self, domain: DomainName) -> Path:
        """The lock of whoever admits to the domain, or erases from it, now."""
        return self.root / "runs" / f"{domain}.admission"

    @property
    def ledger(self) -> Path:
        """The embedded ledger."""
        return self.root / "ledger.sqlite"

    @property
    def evidence(self) -> Path:
        """What ledger events name by digest: verdicts, pins, recipes, outcomes, weights of whoever was promoted."""
        return self.root / "evidence"

    @property
    def heads(self) -> Path:
        """Signed heads of the chains, a file a domain, outside the database on purpose."""
        return self.root / "heads"

    @property
    def keys(self) -> Path:
        """Private keys of this installation (readable by its owner alone), and the public ones beside them."""
        return self.root / "keys"

    @property
    def secrets(self) -> Path:
        """Keys that ``params.yaml`` names and does not hold, a file each, readable by its owner alone."""
        return self.keys / "secrets"

    @property
    def dossiers(self) -> Path:
        """A page and a JSON file a verdict."""
        return self.root / "dossiers"

    @property
    def mlflow(self) -> Path:
        """MLflow's database and artifacts."""
        return self.root / "mlflow"

    @property
    def prefect(self) -> Path:
        """The local Prefect server's home."""
        return self.root / "prefect"

    @property
    def dvc_cache(self) -> Path:
        """The DVC cache that all runs share."""
        return self.root / "dvc" / "cache"

    @property
    def checkpoints(self) -> Path:
        """Checkpoints of unfinished trainings, by the digest of the stage's inputs."""
        return self.root / "checkpoints"

    @property
    def encoded(self) -> Path:
        """Texts of lessons as token ids: copies that may be deleted at any time, and hold whatever the texts hold."""
        return self.root / ENCODED

    @property
    def signatures(self) -> Path:
        """What the search for near-duplicates signed, a folder a domain: may be deleted at any time, and is by an erasure."""
        return self.root / "signatures"

    @property
    def pages(self) -> Path:
        """The rehearsal's page."""
        return self.root / "pages"
