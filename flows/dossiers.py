"""Dossiers on disk: a page and its JSON twin a version, written anew whenever the record says more about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flows.places import Place
from pipelines.domain.events import Kind
from pipelines.domain.identities import DomainName
from pipelines.files import write_bytes, write_json
from pipelines.ledger.heads import SignedHeads
from pipelines.promote.dossier.building import build_facts
from pipelines.promote.dossier.pages import render_page

ARTIFACT_FOLDER = "dossier"


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierFiles:
    """Where a dossier lies: the page for people, its twin for programs."""

    page: Path
    twin: Path


def write_dossier(place: Place, domain: DomainName, version: int) -> DossierFiles:
    """Write the dossier of the last verdict on ``version``, from the ledger and the evidence alone.

    Raises :class:`~pipelines.domain.errors.LedgerError` for a version that was never judged, and where a piece of evidence is
    not what its digest says.
    """
    heads = place.ledger.heads
    sign = heads.sign if isinstance(heads, SignedHeads) else None
    facts = build_facts(place.ledger.events(domain), place.evidence, version, sign=sign)
    folder = place.home.dossiers / domain
    files = DossierFiles(page=folder / f"{version}.html", twin=folder / f"{version}.json")
    write_json(files.twin, facts)
    write_bytes(files.page, render_page(facts))
    return files


def publish_dossier(place: Place, domain: DomainName, version: int) -> DossierFiles:
    """Write the dossier and attach it to the version's MLflow run; a version without one has the files only."""
    files = write_dossier(place, domain, version)
    registered = [
        event.payload.get("mlflow_run")
        for event in place.ledger.events(domain, [Kind.CANDIDATE_REGISTERED])
        if event.payload.get("version") == version
    ]
    if registered and registered[-1]:
        place.tracker.log_files(str(registered[-1]), [files.page, files.twin], ARTIFACT_FOLDER)
    return files


def publish_dossiers(place: Place, domain: DomainName, *versions: int | None) -> None:
    """Publish the dossiers of all versions that an event has changed something for."""
    for version in sorted({version for version in versions if version is not None}):
        publish_dossier(place, domain, version)


def publish_after_promotion(place: Place, domain: DomainName, version: int) -> DossierFiles:
    """Publish the dossier of a version that was just promoted or answered, and of the champion whose time it ended."""
    promoted = [event for event in place.ledger.events(domain, [Kind.PROMOTED]) if event.payload["version"] == version]
    previous = promoted[-1].payload["previous"] if promoted else None
    if previous is not None:
        publish_dossier(place, domain, int(str(previous)))
    return publish_dossier(place, domain, version)
