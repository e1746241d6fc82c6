"""Replayed without a document, a chain of retrainings gives the model of a world that never had it, bit for bit.

Two installations see the same drops, but for one document that stands in the second drop of the first of them. There it is
retracted after two more champions grew from it. The replayed weights are the other installation's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flows.erasing import erase_document
from flows.pinning import pin_domain
from flows.places import Place
from flows.unlearning import Replay, replay_chain
from flows.verifying import verify_place
from pipelines.corpus.erasures import DocumentName
from pipelines.domain.events import Kind
from pipelines.domain.identities import Digest, DocumentId, DomainName, SourceName
from pipelines.domain.models import Champion
from pipelines.domain.pins import ModelPin
from pipelines.ledger.champions import champion, history
from tests.builders.installations import Installation, build_installation, build_params, build_records
from tests.builders.news import build_news
from tests.builders.retrainings import retrain_by_steps

DOMAIN = DomainName("clinical")
WEIGHTS = ("weights.safetensors", "vocabulary.json")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


def choose_document(place: Place, records: list[dict[str, Any]]) -> str:
    """A document of ``records`` that the champion learned from."""
    model = champion(place.ledger, DOMAIN)
    assert model is not None
    seen = read_file_of(place, model.digest, "seen.json")
    mine = {record["document_id"] for record in records}
    return next(
        entry.revision.document_id
        for entry in place.corpus(DOMAIN).read()
        if entry.digest.encode() in seen and entry.revision.document_id in mine
    )


def read_file_of(place: Place, model: Digest, name: str) -> bytes:
    files = {entry.name: entry.digest for entry in place.evidence.list_folder(model)}
    return place.evidence.get(files[name])


@contextmanager
def live(root: Path, without: str | None = None) -> Iterator[tuple[Installation, Place]]:
    """An installation with three champions, each warm from the one before; a document may be missing from its second drop."""
    learner = {"kind": "linear", "strength": 10.0}
    params = build_params(root / "inbox", train={"threads": 1, "learner": learner}, judge={"gates": GATES})
    with build_installation(root, params) as installation:
        for name, records in drops():
            installation.drop(name, [record for record in records if record["document_id"] != without])
            retrain_by_steps(installation.place(), DOMAIN)
        yield installation, installation.place()


GATES = [
    {"kind": "floor", "metric": "accuracy", "minimum": 0.2},
    {"kind": "non_inferiority", "metric": "accuracy", "against": "champion", "margin": 0.4},
    {"kind": "non_inferiority", "metric": "accuracy", "against": "anchor", "slice": "anchor", "margin": 0.6},
    {"kind": "reason_to_change", "alternatives": ["freshness"]},
]


def drops() -> list[tuple[str, list[dict[str, Any]]]]:
    """Each in words of its own: those of the third are the second's, spelt backwards."""
    third = [{**record, "text": " ".join(word[::-1] for word in record["text"].split())} for record in build_news(120, first=240)]
    return [("first", build_records(120)), ("second", build_news(120, first=120)), ("third", third)]


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What came of the replay, and what the other world has."""

    replays: list[Replay]
    weights: list[bytes]
    expected: list[bytes]
    document: Digest
    seen: bytes
    start: ModelPin | None
    again: list[Replay]
    events: int
    is_whole: bool
    champions: list[Champion]


@pytest.fixture(scope="module")
def forgetting(tmp_path_factory: pytest.TempPathFactory) -> Forgetting:
    with live(tmp_path_factory.mktemp("with")) as (_, place):
        document = choose_document(place, drops()[1][1])
        digest = next(one.digest for one in place.corpus(DOMAIN).read() if one.revision.document_id == document)
        assert erase_document(place, DocumentName(SourceName("folder"), DocumentId(document)), "request 17").left == ()
        replays = replay_chain(place, DOMAIN, lambda _: None)
        again = replay_chain(place, DOMAIN, lambda _: None)
        found = Forgetting(
            replays=replays,
            weights=[read_file_of(place, replays[-1].digest, name) for name in WEIGHTS],
            expected=[],
            document=digest,
            seen=read_file_of(place, replays[-1].digest, "seen.json"),
            start=pin_domain(place, DOMAIN, "a duty", with_look=False).start,
            again=again,
            events=len(place.ledger.events(DOMAIN, [Kind.RETRAINING_REPLAYED])),
            is_whole=verify_place(place).problems == (),
            champions=list(history(place.ledger, DOMAIN)),
        )
        assert not place.home.replays(DOMAIN).exists()
    with live(tmp_path_factory.mktemp("without"), without=document) as (_, place):
        serving = champion(place.ledger, DOMAIN)
        assert serving is not None
        found.expected.extend(read_file_of(place, serving.digest, name) for name in WEIGHTS)
    return found


def test_the_weights_are_those_of_a_world_that_never_had_the_document(forgetting: Forgetting) -> None:
    assert forgetting.weights == forgetting.expected


def test_only_what_saw_it_is_replayed_from_the_last_model_that_did_not(forgetting: Forgetting) -> None:
    assert [one.version for one in forgetting.replays] == [2, 3]
    assert [one.parent for one in forgetting.replays] == [forgetting.champions[0].digest, forgetting.replays[0].digest]
    assert forgetting.document.encode() not in forgetting.seen


def test_the_next_retraining_starts_from_what_came_out(forgetting: Forgetting) -> None:
    assert forgetting.start == ModelPin(version=3, digest=forgetting.replays[-1].digest)


def test_what_was_replayed_is_on_record_and_not_made_again(forgetting: Forgetting) -> None:
    assert forgetting.again == forgetting.replays
    assert (forgetting.events, forgetting.is_whole) == (2, True)
