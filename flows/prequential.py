"""How well the champion does on news before it is trained on them: test, then train (Gama, Sebastião and Rodrigues 2013).

https://doi.org/10.1007/s10994-012-5320-9. Only news of families that are trained on, or read as dev, are looked at. Holdout and
anchor are looked at under a reserved look alone; so the same keyed hash that splits them decides here which rows may be asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipelines.domain.identities import DocumentId, FamilyId, SourceName, digest_value
from pipelines.domain.pins import Generation
from pipelines.domain.reading import compose_text
from pipelines.domain.revisions import Entry, Status, resolve_statuses
from pipelines.evaluate.contrasts import divide
from pipelines.learners.protocols import Document, Pair
from pipelines.params import DomainParams
from pipelines.split.assignments import SplitName, place_family

NEVER_TRAINED = frozenset({SplitName.HOLDOUT, SplitName.ANCHOR, SplitName.RETIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What may be asked of whom: the domain, the champion's last arrival, the holdout's generation, families a side at most."""

    params: DomainParams
    since: int
    generation: Generation
    sample: int

    @property
    def is_of_text(self) -> bool:
        """Whether a language model is asked, which knows no labels."""
        return self.params.train.learner.kind == "causal_lm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """Rows and pairs to ask about, one a family, so that they are independent; and how many rows would be trained on.

    ``known`` are dev rows that the champion's time had already, ``news`` rows that came later; ``known_pairs`` and ``news_pairs``
    are amended documents of train families, by whether the champion saw the text in force. ``to_train`` counts news in train
    families, ``history`` what else there is in them.
    """

    known: tuple[Document, ...]
    news: tuple[Document, ...]
    known_pairs: tuple[Pair, ...]
    news_pairs: tuple[Pair, ...]
    to_train: int
    history: int


def choose_rows(entries: Sequence[Entry], scope: Scope) -> Inquiry:
    """Choose what to ask: the same rows for the same corpus, whatever its order. No row of a family that is kept back.

    Texts are taken as they arrived, on both sides alike, without the stage ``curate``.
    """
    resolved = resolve_statuses(entries)
    splits = _place_families(resolved, scope)
    usable = [entry for entry in resolved if _is_usable(entry, scope, splits)]
    in_force = [entry for entry in usable if entry.revision.status is Status.ACTIVE and _label(entry, scope) is not None]
    trained = [entry for entry in in_force if splits[entry.revision.family_id] is SplitName.TRAIN]
    dev = [entry for entry in in_force if splits[entry.revision.family_id] is SplitName.DEV]
    words = scope.params.evaluate.following_words
    amended = _find_pairs(usable, trained, words) if scope.is_of_text else {}

    def is_news(entry: Entry) -> bool:
        return entry.ingest_seq > scope.since

    news = [entry for entry in (*trained, *dev) if is_news(entry)]
    pairs = [entry for entry in trained if entry.digest in amended]
    return Inquiry(
        known=tuple(_document(entry, scope) for entry in _draw((e for e in dev if not is_news(e)), scope.sample)),
        news=tuple(_document(entry, scope) for entry in _draw(news, scope.sample)),
        known_pairs=tuple(amended[e.digest] for e in _draw((e for e in pairs if not is_news(e)), scope.sample)),
        news_pairs=tuple(amended[e.digest] for e in _draw((e for e in pairs if is_news(e)), scope.sample)),
        to_train=sum(is_news(entry) for entry in trained),
        history=sum(not is_news(entry) for entry in trained),
    )


def _place_families(entries: Iterable[Entry], scope: Scope) -> Mapping[FamilyId, SplitName]:
    first: dict[FamilyId, int] = {}
    for entry in entries:
        family = entry.revision.family_id
        first[family] = min(entry.ingest_seq, first.get(family, entry.ingest_seq))
    return {family: place_family(scope.params.split, family, seq, scope.generation) for family, seq in first.items()}


def _is_usable(entry: Entry, scope: Scope, splits: Mapping[FamilyId, SplitName]) -> bool:
    licences = scope.params.curate.licences
    is_allowed = not licences or entry.revision.licence in licences
    return is_allowed and splits[entry.revision.family_id] not in NEVER_TRAINED


def _label(entry: Entry, scope: Scope) -> str | None:
    """Return the label that counts, empty for a language model; ``None`` where a classifier could not be right or wrong."""
    if scope.is_of_text:
        return ""
    return next((label for label in entry.revision.labels if label in scope.params.labels), None)


def _document(entry: Entry, scope: Scope) -> Document:
    text = compose_text(entry.revision.title, entry.revision.text)
    return Document(row_id=entry.digest, text=text, label=_label(entry, scope) or "")


def _draw(entries: Iterable[Entry], count: int) -> list[Entry]:
    """Return the latest row of each of ``count`` families, those whose hash comes first: no order of arrival can choose them."""
    latest: dict[FamilyId, Entry] = {}
    for entry in sorted(entries, key=lambda entry: (entry.ingest_seq, entry.digest)):
        latest[entry.revision.family_id] = entry
    chosen = sorted(latest, key=lambda family: digest_value(["prequential", family]))
    return [latest[family] for family in chosen[:count]]


def _find_pairs(usable: Sequence[Entry], in_force: Sequence[Entry], words: int) -> dict[str, Pair]:
    """Return a pair for each row in force that amended the words of an earlier one of its document, by its digest."""
    before: dict[tuple[SourceName, DocumentId], Entry] = {}
    superseded = [entry for entry in usable if entry.revision.status is Status.SUPERSEDED]
    for entry in sorted(superseded, key=lambda entry: (entry.revision.effective_from, entry.ingest_seq)):
        before[entry.revision.source, entry.revision.document_id] = entry
    found = {}
    for entry in in_force:
        earlier = before.get((entry.revision.source, entry.revision.document_id))
        pair = _contrast(earlier, entry, words) if earlier else None
        if pair is not None:
            found[str(entry.digest)] = pair
    return found


def _contrast(earlier: Entry, entry: Entry, words: int) -> Pair | None:
    title = entry.revision.title
    context, old, new, following = divide(compose_text(title, earlier.revision.text), compose_text(title, entry.revision.text))
    after = "".join(following[:words])
    if old == new:
        return None
    return Pair(row_id=entry.digest, question=context, text_before=old + after, text_in_force=new + after)
