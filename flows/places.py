"""Where a process finds everything: the workspace, the four stores and the clock, opened once from the environment.

Flows and commands hand a :class:`Place` down instead of reading the environment, so that a test or a rehearsal is only
another place.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.clock import Clock
from pipelines.corpus.tables import Corpus
from pipelines.detect.sources import Access
from pipelines.domain.identities import DomainName
from pipelines.ledger.evidence import EvidenceStore
from pipelines.ledger.heads import SignedHeads
from pipelines.ledger.keys import KeyRing
from pipelines.ledger.ledgers import Ledger
from pipelines.params import DomainParams, Params, read_params
from pipelines.promote.model_keys import ModelKeys
from pipelines.promote.registry import Registry
from pipelines.settings import Settings
from pipelines.tracking import Tracker
from pipelines.workspace import Home, Workspace


@dataclass(frozen=True, slots=True)
class Place:
    """One installation: its settings, and what they lead to."""

    settings: Settings
    workspace: Workspace
    params: Params
    ledger: Ledger

    @property
    def home(self) -> Home:
        """The state folder."""
        return self.settings.place

    @property
    def clock(self) -> Clock:
        """The time."""
        return self.settings.clock

    @property
    def evidence(self) -> EvidenceStore:
        """What ledger events name by digest."""
        return EvidenceStore(self.home.evidence)

    @property
    def registry(self) -> Registry:
        """The registry of models."""
        keys = ModelKeys(folder=self.home.keys, private=self.settings.model_key, public=self.settings.model_public_key)
        return Registry(self.settings.tracking_address, keys)

    @property
    def tracker(self) -> Tracker:
        """The tracking of runs."""
        return Tracker(self.settings.tracking_address, self.settings.artifact_root)

    @property
    def access(self) -> Access:
        """What a source is handed."""
        return Access(now=self.clock.now(), base_urls=self.settings.base_urls, secrets=self.settings.secrets)

    def corpus(self, domain: DomainName) -> Corpus:
        """The corpus of a domain."""
        return Corpus.open(self.settings.corpus_address(domain))

    def of(self, domain: DomainName) -> DomainParams:
        """The parameters of a domain."""
        return self.params.of(domain)


def open_place(settings: Settings | None = None) -> Place:
    """Open the place that the environment describes; raises our errors when ``params.yaml`` or a store cannot be read."""
    settings = settings or Settings()
    workspace = Workspace(settings.workspace.resolve())
    params = read_params(workspace.params)
    settings.place.mlflow.mkdir(parents=True, exist_ok=True)
    ledger = Ledger.open(settings.ledger_address, settings.clock, settings.actor, find_heads(settings))
    return Place(settings, workspace, params, ledger)


def find_heads(settings: Settings) -> SignedHeads:
    """Return where the heads of the chains are noted, and by which key; a key that the settings name must be there already."""
    private = settings.ledger_key or settings.place.keys / "ledger.pem"
    return SignedHeads(settings.place.heads, KeyRing(private, settings.place.keys, is_made=settings.ledger_key is None))
