"""A worn-out holdout is renewed when enough families have been kept back since the last look; until then the judge holds.

Decided when a run is pinned, since the pin says which families its holdout consists of.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter

from flows.places import Place
from pipelines.domain.events import Kind
from pipelines.domain.identities import DomainName, FamilyId
from pipelines.domain.pins import Generation, Pin
from pipelines.domain.revisions import Entry, Status, resolve_statuses
from pipelines.domain.spending import spend
from pipelines.judge.params import JudgeParams
from pipelines.judge.power import count_for_conjunction, plan_tests
from pipelines.keys import open_keys
from pipelines.ledger.generations import current_generation, renew
from pipelines.split.assignments import SplitName, place_family
from pipelines.split.params import SplitParams


def renew_holdout(place: Place, domain: DomainName) -> Generation:
    """Return the generation that a run pinned now looks at: the next one, where the present is retired and enough has come.

    Enough is what the planned tests need at the next look, and where none of them can be planned, as many rows as the
    generation that retires. Rows are counted before curation. Asked again it is the same generation.
    """
    state = current_generation(place.ledger, domain)
    seen = find_last_seen(place, domain)
    if not state.is_retired or seen is None:
        return state.generation
    params, entries = place.of(domain), place.corpus(domain).read()
    split = open_keys(params.split, place.settings.find_key)
    fresh = count_holdout(entries, split, Generation(number=state.generation.number + 1, since=seen))
    needed = count_needed(params.judge, _count_looks(place, domain) + 1)
    enough = needed if needed is not None else count_holdout(entries, split, state.generation) - fresh
    return renew(place.ledger, domain, seen, fresh) if fresh >= max(enough, 1) else state.generation


def find_last_seen(place: Place, domain: DomainName) -> int | None:
    """Return the newest arrival that any run with a look was made from, ``None`` where there was no such run."""
    started = place.ledger.events(domain, [Kind.RETRAIN_STARTED])
    pins = [TypeAdapter(Pin).validate_python(event.payload["pin"]) for event in started]
    return max((pin.corpus.ingest_seq for pin in pins if pin.look is not None), default=None)


def count_holdout(entries: Sequence[Entry], params: SplitParams, generation: Generation) -> int:
    """Return how many rows in force the holdout of ``generation`` would have, by the split's own assignment."""
    first: dict[FamilyId, int] = {}
    for entry in entries:
        family = entry.revision.family_id
        first[family] = min(entry.ingest_seq, first.get(family, entry.ingest_seq))
    kept = {family for family, arrival in first.items() if place_family(params, family, arrival, generation) is SplitName.HOLDOUT}
    return sum(entry.revision.status is Status.ACTIVE and entry.revision.family_id in kept for entry in resolve_statuses(entries))


def count_needed(judging: JudgeParams, t: int) -> int | None:
    """Return the rows that all planned tests together take at look ``t``; ``None`` where no gate can be planned."""
    tests = plan_tests(judging)
    return count_for_conjunction(tests, spend(judging.alpha, t), judging.power.power) if tests else None


def _count_looks(place: Place, domain: DomainName) -> int:
    last = place.ledger.last(domain, Kind.LOOK_RESERVED)
    return int(str(last.payload["t"])) if last else 0
