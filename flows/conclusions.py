"""What a retraining comes to, and what is known of one on its way there: each step takes the latter and returns more of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flows.costs import RunCost
from flows.dossiers import DossierFiles
from flows.places import Place
from flows.worktrees import Worktree
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import Digest, Json
from pipelines.domain.pins import ModelPin, Pin
from pipelines.domain.verdicts import Decision, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What a retraining came to."""

    version: int
    decision: Decision
    sentence: str
    page: Path | None = None
    cost: RunCost = field(default_factory=RunCost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluding:
    """A run on its way to its record: what the steps so far have found or made."""

    place: Place
    tree: Worktree
    verdict: Verdict
    pin: Pin
    mlflow_run: str = ""
    model: ModelPin | None = None
    evidence: Mapping[str, Digest] = field(default_factory=dict)
    dossier: DossierFiles | None = None
    cost: RunCost = field(default_factory=RunCost)

    @property
    def registered(self) -> ModelPin:
        """The registered model; raises :class:`WorkspaceError` before it is registered."""
        if self.model is None:
            raise WorkspaceError(f"{self.tree.root}: its model is not registered yet: conclude the retraining from the start")
        return self.model

    @property
    def identity(self) -> dict[str, Json]:
        """What every event of a candidate names it by."""
        return {"run": self.tree.run_id, "version": self.registered.version, "digest": self.registered.digest}
