"""What the record says of a judged version, taken from the ledger alone: the ground that a recreation stands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import yaml
from pydantic import TypeAdapter

from flows.places import Place
from flows.worktrees import run_git
from pipelines.domain.errors import LedgerError, WorkspaceError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName, RunId
from pipelines.domain.pins import Pin


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A version as the ledger has it: its digest, the pin that its run was made from, and the commit of code and params."""

    domain: DomainName
    version: int
    run_id: RunId
    digest: Digest
    pin: Pin
    commit: str
    since_seq: int

    @property
    def branch(self) -> str:
        """The branch on which the run kept its pin and its lock."""
        return f"refs/heads/addendum/run/{self.run_id}"


def find_claim(place: Place, domain: DomainName, version: int) -> Claim:
    """Return what the ledger says of a judged version.

    Raises:
        LedgerError: when the chain does not verify, or says nothing of this version.
        WorkspaceError: when the run's branch is gone and the ledger names no commit, or when its pin is another.
    """
    place.of(domain)
    breaks = place.ledger.verify(domain)
    if breaks:
        raise LedgerError(f"the record of {domain} does not verify ({breaks[0]}): restore it from a backup before standing on it")
    judged = _find_last(place, domain, Kind.CANDIDATE_JUDGED, "version", version)
    if judged is None:
        raise LedgerError(f"{domain} has no judged version {version}: `addendum status` shows the latest")
    run_id = RunId(str(judged.payload["run"]))
    started = _find_last(place, domain, Kind.RETRAIN_STARTED, "run", run_id)
    if started is None:
        raise LedgerError(f"{domain} version {version} was not made by a retraining (run {run_id}): there is no pin to go by")
    pin = TypeAdapter(Pin).validate_python(started.payload["pin"])
    end = _read_branch(place, domain, run_id, pin)
    commit = judged.payload.get("commit") or started.payload.get("commit") or end
    if commit is None:
        problem = f"the branch addendum/run/{run_id} that {domain} version {version} was made on is gone"
        raise WorkspaceError(f"{problem}: fetch it from whoever trained it (`git fetch REMOTE addendum/run/{run_id}`)")
    digest = Digest(str(judged.payload["digest"]))
    return Claim(domain=domain, version=version, run_id=run_id, digest=digest, pin=pin, commit=str(commit), since_seq=started.seq)


def read_lock(place: Place, claim: Claim) -> Mapping[str, object]:
    """Return the outputs of each of the domain's stages, as the run's branch kept them; nothing where the branch is gone."""
    if not _has_ref(place, claim.branch):
        return {}
    held = yaml.safe_load(run_git(place.workspace.root, "show", f"{claim.branch}:dvc.lock"))["stages"]
    return {name: stage["outs"] for name, stage in held.items() if name.endswith(f"@{claim.domain}")}


def list_erasures(place: Place, claim: Claim) -> tuple[Event, ...]:
    """Return the erasures since the run began: what they took, no recreation brings back."""
    return tuple(place.ledger.events(claim.domain, [Kind.DOCUMENT_ERASED], since=claim.since_seq))


def _find_last(place: Place, domain: DomainName, kind: Kind, field: str, value: object) -> Event | None:
    found = [event for event in place.ledger.events(domain, [kind]) if event.payload[field] == value]
    return found[-1] if found else None


def _read_branch(place: Place, domain: DomainName, run_id: RunId, pin: Pin) -> str | None:
    """Return the commit at the end of the run's branch, whose pin must be the ledger's; ``None`` where the branch is gone."""
    branch = f"refs/heads/addendum/run/{run_id}"
    if not _has_ref(place, branch):
        return None
    held = run_git(place.workspace.root, "show", f"{branch}:data/{domain}/pin.json")
    if TypeAdapter(Pin).validate_json(held) != pin:
        problem = f"the pin on the branch addendum/run/{run_id} is not the one that the ledger recorded"
        raise WorkspaceError(f"{problem}: somebody altered the branch; restore it from a backup of the repository")
    return run_git(place.workspace.root, "rev-parse", branch)


def _has_ref(place: Place, ref: str) -> bool:
    return bool(run_git(place.workspace.root, "for-each-ref", "--format=%(refname)", ref))
