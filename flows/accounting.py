"""What a run leaves on no disk by itself: what it was made from that its champion was not, what was kept out, what it cost.

Counts, digests and parameters only; the text stays where it is. The same run gives the same accounts, whenever it is asked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from flows.places import Place
from flows.stages import read_seconds
from flows.worktrees import Worktree
from pipelines.admit.archives import AdmissionRecord, read_decision
from pipelines.curate.cards import DataCard, measure_drift
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DropId, digest_set
from pipelines.domain.pins import Pin
from pipelines.domain.recipes import Recipe
from pipelines.domain.revisions import RETIRING, Entry
from pipelines.files import read_json
from pipelines.ledger.reigns import CROWNING
from pipelines.promote.dossier.accounts import (
    MOVEMENTS,
    Changes,
    Cost,
    Difference,
    Drift,
    Held,
    Licences,
    Movement,
    QuarantineAccount,
)
from pipelines.tables import ENTRY_SCHEMA, read_entries, read_table

NO_RECIPE = "a recipe of this candidate or of its champion is missing"
NO_CARD = "the data card of this candidate or of its champion is missing"
FIRST_CARD = "there is no champion whose data card it could be compared with"
FIRST_RECIPE = "there is no champion whose recipe it could be compared with"


def account_for_changes(place: Place, tree: Worktree) -> Changes:
    """Compare the run's snapshot and recipe with those of the champion that it was judged against."""
    pin = read_json(tree.folder.pin, Pin)
    since = find_cut_off(place, tree)
    entries = read_entries(read_table(tree.folder.snapshot / "revisions.parquet", ENTRY_SCHEMA))
    moved, by_source = sort_movements(entries, since)
    ours = _read_recipe(tree.folder.verdict / "recipe.json")
    theirs = _read_recipe(tree.folder.reference / "recipe.json")
    problem = "" if ours and theirs else FIRST_RECIPE if pin.champion is None else NO_RECIPE
    return Changes(
        since=since,
        until=pin.corpus.ingest_seq,
        against=pin.champion.version if pin.champion else None,
        moved=moved,
        by_source=by_source,
        params=find_differences(theirs.params, ours.params) if ours and theirs else None,
        code=find_differences(theirs.code, ours.code) if ours and theirs else None,
        is_library_changed=ours.constraints != theirs.constraints if ours and theirs else None,
        problem=problem,
    )


def find_cut_off(place: Place, tree: Worktree) -> int:
    """Return the last arrival that the run's champion was made from; 0 without one."""
    pin = read_json(tree.folder.pin, Pin)
    version = pin.champion.version if pin.champion else None
    crowned = [event for event in place.ledger.events(tree.domain, CROWNING) if event.payload["version"] == version]
    return int(str(crowned[-1].payload["ingest_seq"])) if crowned else 0


def sort_movements(entries: Iterable[Entry], since: int) -> tuple[Mapping[str, Movement], Mapping[str, Mapping[str, int]]]:
    """Return how the documents moved after arrival ``since``: all of them by movement, and counts by source and movement.

    A document moves once: it is gone (by its status now) where it was known before, amended where it was known, else new. One
    that came and went between the two is none of them.
    """
    documents: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        documents[entry.revision.source, entry.revision.document_id].append(entry)
    revisions: dict[str, set[Digest]] = {name: set() for name in MOVEMENTS}
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (source, _), members in sorted(documents.items()):
        late = {entry.digest for entry in members if entry.ingest_seq > since}
        movement = _name_movement(members, since) if late else None
        if movement is not None:
            revisions[movement] |= late
            counts[source][movement] += 1
    total = sum(counts.values(), Counter[str]())
    moved = {name: Movement(documents=total[name], revisions=digest_set(found)) for name, found in revisions.items()}
    return moved, {source: dict(counted) for source, counted in counts.items()}


def find_differences(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Difference, ...]:
    """Return the names whose values differ, in order."""
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return tuple(Difference(name=name, before=before.get(name), after=after.get(name)) for name in names)


def account_for_quarantine(place: Place, tree: Worktree) -> QuarantineAccount:
    """Add up what admission kept out between the last promotion and the start of this run."""
    since, until = _find_period(place, tree)
    events = [event for event in place.ledger.events(tree.domain, since=since) if event.seq < until]
    arrived = [event for event in events if event.kind in {Kind.DROP_LANDED, Kind.DROP_REFUSED}]
    decided = [read_decision(place.home, tree.domain, DropId(str(event.payload["drop"]))) for event in arrived]
    records = [record for record in decided if record is not None]
    return QuarantineAccount(
        since=since,
        drops=len(arrived),
        checked=sum(record.rows for record in records),
        rows=sum(len(record.quarantined) for record in records),
        held=_count_held((record.source, name) for record in records for name in _list_checks(record)),
        refused=_count_held((record.source, refusal.expectation) for record in records for refusal in record.refusals[:1]),
        released=sum(event.kind is Kind.QUARANTINE_RELEASED for event in events),
        unread=len(decided) - len(records),
    )


def account_for_drift(place: Place, tree: Worktree) -> Drift:
    """Compare the run's data card with that of the champion that it was judged against."""
    pin, card = read_json(tree.folder.pin, Pin), tree.folder.card / "card.json"
    version = pin.champion.version if pin.champion else None
    theirs = _find_card(place, tree, version)
    if theirs is None or not card.is_file():
        return Drift(against=version, shifts={}, problem=NO_CARD if version is not None else FIRST_CARD)
    ours = read_json(card, DataCard)
    shifts = {name: measure_drift(theirs.composition[name], groups) for name, groups in ours.composition.items()}
    return Drift(against=version, shifts={name: round(shift, 6) for name, shift in shifts.items()})


def _find_card(place: Place, tree: Worktree, version: int | None) -> DataCard | None:
    """Return the card of a judged version, ``None`` where it cannot be read: no verdict waits for what is only told."""
    judged = reversed(place.ledger.events(tree.domain, [Kind.CANDIDATE_JUDGED]))
    named = next((event.payload.get("evidence") for event in judged if event.payload["version"] == version), None)
    digest = named.get("card.json") if isinstance(named, Mapping) else None
    if digest is None:
        return None
    try:
        return TypeAdapter(DataCard).validate_json(place.evidence.get(Digest(str(digest))))
    except (LedgerError, ValidationError):
        return None


def account_for_licences(tree: Worktree) -> Licences:
    """Count the rows of the snapshot that are in force, and of the training split, by source and licence."""
    return Licences(
        snapshot=_count_licences(tree.folder.snapshot / "revisions.parquet"),
        train=_count_licences(tree.folder.splits / "train.parquet"),
    )


def account_for_cost(tree: Worktree) -> Cost:
    """Say what the run took, as far as it was measured on this machine."""
    training = tree.folder.training / "report.json"
    taught = read_json(training, _Taught) if training.is_file() else None
    outcomes = tree.folder.scores / "outcomes.parquet"
    sizes = [path.stat().st_size for path in sorted(tree.folder.model.rglob("*")) if path.is_file()]
    return Cost(
        seconds=read_seconds(tree),
        steps=taught.steps if taught else None,
        tokens=taught.tokens if taught else None,
        taught=taught.news + taught.replayed if taught else None,
        scored=pq.read_metadata(outcomes).num_rows if outcomes.is_file() else None,
        model_bytes=sum(sizes),
    )


class _Taught(BaseModel):
    """As much of the training's report as an account needs."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    news: int
    replayed: int
    steps: int
    tokens: int


def _name_movement(members: list[Entry], since: int) -> str | None:
    is_known = any(entry.ingest_seq <= since for entry in members)
    status = members[-1].revision.status
    if status in RETIRING:
        return status.value if is_known else None
    return "amended" if is_known else "new"


def _read_recipe(path: Path) -> Recipe | None:
    return read_json(path, Recipe) if path.is_file() else None


def _find_period(place: Place, tree: Worktree) -> tuple[int, int]:
    """Return the numbers of the last promotion before the run's start and of that start."""
    events = place.ledger.events(tree.domain, [*CROWNING, Kind.RETRAIN_STARTED])
    starts = [event.seq for event in events if event.kind is Kind.RETRAIN_STARTED and event.payload["run"] == tree.run_id]
    until = starts[-1] if starts else max((event.seq for event in events), default=0) + 1
    promotions: list[Event] = [event for event in events if event.kind is Kind.PROMOTED and event.seq < until]
    return (promotions[-1].seq if promotions else 0), until


def _list_checks(record: AdmissionRecord) -> list[str]:
    return [name for row in record.quarantined for name in sorted({reason.expectation for reason in row.reasons})]


def _count_held(found: Iterable[tuple[str, str]]) -> tuple[Held, ...]:
    return tuple(Held(source=source, check=check, rows=rows) for (source, check), rows in sorted(Counter(found).items()))


def _count_licences(path: Path) -> Mapping[str, Mapping[str, int]]:
    table = pq.read_table(path, columns=["source", "licence", "status"]).to_pylist()
    counted = Counter((row["source"], row["licence"]) for row in table if row["status"] == "active")
    found: dict[str, dict[str, int]] = {}
    for (source, licence), rows in sorted(counted.items()):
        found.setdefault(source, {})[licence] = rows
    return found
