"""The judged candidates of a domain as the ledger has them, and the verdicts that they were judged by, checked by digest."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter

from flows.places import Place
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName, RunId, digest_bytes, shorten
from pipelines.domain.pins import ModelPin
from pipelines.domain.verdicts import Decision, Verdict
from pipelines.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A candidate with its verdict; ``against`` is the champion's version that it was judged against.

    ``needs_approval`` where it differs from the champion in what the change envelope leaves to a named approver.
    """

    domain: DomainName
    run: RunId
    version: int
    digest: Digest
    verdict: Digest
    decision: Decision
    sentence: str
    ingest_seq: int
    against: int | None
    needs_approval: bool
    seq: int

    @property
    def model(self) -> ModelPin:
        """The model, as the registry knows it."""
        return ModelPin(version=self.version, digest=self.digest)


def find_judged(place: Place, domain: DomainName, version: int | None = None) -> Judged:
    """Return the last verdict on a version, or the last of all; raises :class:`LedgerError` where there is none."""
    judged = place.ledger.events(domain, [Kind.CANDIDATE_JUDGED])
    about = [event for event in judged if version is None or event.payload["version"] == version]
    if not about and version is None:
        raise LedgerError(f"{domain} has no judged candidate: run `addendum retrain {domain}` first")
    if not about:
        raise LedgerError(f"{domain} has no judged version {version}: `addendum status` shows the latest")
    return read_judged(about[-1])


def read_judged(event: Event) -> Judged:
    """Return what an event says of a candidate."""
    payload = event.payload
    against = payload["against"]
    return Judged(
        domain=event.domain,
        run=RunId(str(payload["run"])),
        version=int(str(payload["version"])),
        digest=Digest(str(payload["digest"])),
        verdict=Digest(str(payload["verdict"])),
        decision=Decision(str(payload["decision"])),
        sentence=str(payload["sentence"]),
        ingest_seq=int(str(payload["ingest_seq"])),
        against=None if against is None else int(str(against)),
        needs_approval=payload.get("needs_approval") is True,
        seq=event.seq,
    )


def read_verdict(place: Place, judged: Judged) -> Verdict:
    """Return the very verdict that the ledger names: from the evidence, or from the run's folder where it is not there.

    Raises:
        LedgerError: when neither holds it, or what is found is not what was judged by.
    """
    file = Workspace(place.home.run(judged.domain, judged.run)).of(judged.domain).verdict / "verdict.json"
    if place.evidence.has(judged.verdict):
        content = place.evidence.get(judged.verdict)
    elif file.is_file():
        content = file.read_bytes()
    else:
        raise LedgerError(f"{judged.domain} version {judged.version}: its verdict is neither in the evidence nor at {file}")
    if digest_bytes(content) != judged.verdict:
        named = shorten(judged.verdict)
        raise LedgerError(f"{file} was altered: the ledger names the verdict {named}; retrain again for another")
    return TypeAdapter(Verdict).validate_json(content)
