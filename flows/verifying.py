"""Whether the record stands up: its chains, their signed heads, the evidence that it names, and the aliases that mirror it.

Nothing is mended or written here, and nothing that is found stops the search: an auditor wants all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.places import Place, find_heads
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName, shorten
from pipelines.ledger.chains import Break, Row, find_breaks, read_event
from pipelines.ledger.custody import find_losses, list_erased, list_exhibits
from pipelines.ledger.heads import SignedHead, SignedHeads
from pipelines.ledger.reigns import CROWNING, fold_champions
from pipelines.promote.mirrors import Mirror

EVERY_DOMAIN = DomainName("all domains")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Everything that is wrong with the record, and how much of it was looked at; ``keys`` have signed the heads."""

    problems: tuple[Break, ...]
    domains: int
    events: int
    heads: int
    keys: tuple[Digest, ...]
    evidence: int
    aliases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chain:
    """A domain's chain: its rows as stored, and as many of them as can be read as events.

    What must not be ahead of the rows was read before them: the logs of heads, and the ``mirror`` (``None``: MLflow did not
    answer), which itself was read when the chain ended at ``start``.
    """

    domain: DomainName
    logs: Sequence[tuple[SignedHeads, Sequence[SignedHead | None]]]
    start: int
    mirror: Mirror | None
    rows: Sequence[Row]
    events: Sequence[Event]


def verify_place(place: Place, domain: DomainName | None = None, copy: Path | None = None) -> Verification:
    """Examine the record of ``domain``, or of every domain that the params, the ledger or the signed heads know.

    ``copy`` is a folder with the logs of heads as they were kept elsewhere; it is held against the chains too. Raises
    :class:`ParamsError` for a domain that nobody knows, and :class:`LedgerError` where ``copy`` is no folder.
    """
    heads = find_heads(place.settings)
    kept = SignedHeads(_find_folder(copy), heads.keys) if copy is not None else None
    logs = [heads, *([kept] if kept else [])]
    named = _list_domains(place, logs)
    if domain is not None and domain not in named:
        place.of(domain)
    chains = [_read_chain(place, name, logs) for name in named if _is_text(name)]
    chosen = [chain for chain in chains if domain in (None, chain.domain)]
    erased = frozenset[Digest]().union(*(list_erased(chain.events) for chain in chains))
    exhibits = [exhibit for chain in chosen for exhibit in list_exhibits(chain.events)]
    noted = [head for chain in chosen for _, heads in chain.logs for head in heads if head]
    mirrored = [_find_moved(chain) for chain in chosen]
    problems = [
        *_find_open_gates(place),
        *_find_strange_names(named),
        *(found for chain in chosen for found in _find_breaks(chain)),
        *(found for chain in chosen if kept for found in _find_unsigned(chain, kept)),
    ]
    problems += [*find_losses(place.evidence, exhibits, erased), *(found for _, moved in mirrored for found in moved)]
    return Verification(
        problems=tuple(problems),
        domains=len(chosen),
        events=sum(len(chain.rows) for chain in chosen),
        heads=len(noted),
        keys=tuple(sorted({head.key for head in noted})),
        evidence=len({exhibit.digest for exhibit in exhibits}),
        aliases=sum(count for count, _ in mirrored),
    )


def _find_folder(copy: Path) -> Path:
    if not copy.is_dir():
        raise LedgerError(f"{copy} is no folder of signed heads: name a copy of the folder heads/")
    return copy


def _list_domains(place: Place, logs: Sequence[SignedHeads]) -> list[DomainName]:
    noted = [name for log in logs for name in log.domains()]
    return sorted({*place.params.domains, *place.ledger.domains(), *noted})


def _read_chain(place: Place, domain: DomainName, logs: Sequence[SignedHeads]) -> _Chain:
    noted = [(log, log.read(domain)) for log in logs]
    start = max((row.seq for row in place.ledger.rows(domain)), default=0)
    mirror = place.registry.read_mirror(domain) if start and place.registry.is_reachable() else None
    rows = place.ledger.rows(domain)
    events = []
    for row in rows:
        try:
            events.append(read_event(row))
        except (TypeError, ValueError):
            continue  # the walk along the chain says so
    return _Chain(domain=domain, logs=noted, start=start, mirror=mirror, rows=rows, events=events)


def _find_open_gates(place: Place) -> list[Break]:
    return [
        Break(domain=EVERY_DOMAIN, seq=0, problem=f"the trigger {name} is missing: rows can be changed unseen by the database")
        for name in place.ledger.find_missing_guards()
    ]


def _find_strange_names(named: Sequence[DomainName]) -> list[Break]:
    problem = "rows stand under a name that is no text: it was altered"
    return [Break(domain=name, seq=0, problem=problem) for name in named if not _is_text(name)]


def _is_text(name: DomainName) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _find_breaks(chain: _Chain) -> list[Break]:
    found = find_breaks(chain.domain, chain.rows)
    for log, heads in chain.logs:
        found += [each for each in log.find_breaks(chain.domain, chain.rows, heads) if each not in found]
    return found


def _find_unsigned(chain: _Chain, kept: SignedHeads) -> list[Break]:
    """Return that a copy says nothing of a chain that has events: compared with it the chain would pass whatever it holds."""
    if not chain.rows or kept.read(chain.domain):
        return []
    problem = f"{kept.folder} holds no signed head of it: it is no copy of its log, or was made before its first event"
    return [Break(domain=chain.domain, seq=0, problem=problem)]


def _find_moved(chain: _Chain) -> tuple[int, list[Break]]:
    """Return how many aliases the ledger speaks of, and those that MLflow has otherwise.

    The champion's and the previous one's must be right; a challenger's may lag behind until somebody asks for its promotion.
    What the chain said at some moment while the mirror and then the rows were read is right too.
    """
    turns = [event.seq for event in chain.events if event.kind in (Kind.CANDIDATE_JUDGED, *CROWNING)]
    last = max(turns, default=0)
    if not last or not chain.start:
        return 0, []
    if chain.mirror is None:
        return 0, [Break(domain=chain.domain, seq=last, problem="MLflow does not answer: its aliases were not compared")]
    try:
        expected = _expect_aliases(chain.events)
        earlier = [_expect_as_of(chain, seq) for seq in {chain.start, *turns} if chain.start <= seq < last]
    except (KeyError, TypeError, ValueError, LedgerError):
        return 0, [Break(domain=chain.domain, seq=last, problem="who serves cannot be read from this chain")]
    wrong = [
        alias
        for alias, digest in expected.items()
        if chain.mirror.digests.get(alias) not in (digest, *(each[alias] for each in earlier))
        and (alias != "challenger" or chain.mirror.as_of == last)
    ]
    return len(expected), [_tell(chain, last, alias, expected[alias], chain.mirror.digests.get(alias)) for alias in wrong]


def _tell(chain: _Chain, last: int, alias: str, expected: Digest | None, found: Digest | None) -> Break:
    said = f"the alias {alias} in MLflow is {_name(found)}, the ledger says {_name(expected)}"
    return Break(domain=chain.domain, seq=last, problem=f"{said}: `addendum promote {chain.domain}` puts it right")


def _expect_aliases(events: Sequence[Event]) -> dict[str, Digest | None]:
    stack = fold_champions(events)
    serving = stack[-1] if stack else None
    reigns = [reign for event in events if event.kind in CROWNING for reign in fold_champions([event])]
    earlier = [reign.digest for reign in reigns if serving and reign.version != serving.version]
    judged = [event.payload for event in events if event.kind is Kind.CANDIDATE_JUDGED]
    has_served = bool(judged) and any(reign.version == judged[-1]["version"] for reign in reigns)
    return {
        "champion": serving.digest if serving else None,
        "previous": earlier[-1] if earlier else None,
        "challenger": Digest(str(judged[-1]["digest"])) if judged and not has_served else None,
    }


def _expect_as_of(chain: _Chain, seq: int) -> dict[str, Digest | None]:
    return _expect_aliases([event for event in chain.events if event.seq <= seq])


def _name(digest: Digest | None) -> str:
    return f"the model {shorten(digest)}" if digest else "not set"
