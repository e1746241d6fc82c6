"""A retraining starts from its champion, or from the newest earlier one that saw nothing which was retracted or taken out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flows.pinning import lay_out, pin_domain
from flows.places import Place
from flows.promoting import Approval, promote_latest
from flows.returning import roll_back_domain
from flows.starting import find_chain
from pipelines.domain.events import Kind
from pipelines.domain.identities import Digest, DropId, Json
from pipelines.domain.models import Lineage
from pipelines.domain.pins import ModelPin
from pipelines.domain.revisions import Revision, Status
from pipelines.files import digest_folder, read_json, write_json
from pipelines.inputs import digest_inputs
from pipelines.ledger.champions import unfreeze
from pipelines.workspace import DomainFolder
from tests.builders.places import DOMAIN, judge_candidate
from tests.builders.revisions import build_revision

YES = Approval(by="R. Okafor", reason="reviewed")
FIRST, SECOND, THIRD = (build_revision(f"doc-{number}") for number in (1, 2, 3))


def describe_lineage() -> Lineage:
    return Lineage(
        learner="linear",
        base="",
        corpus_id="corpus",
        corpus_version=1,
        ingest_seq=1,
        manifest_digest=Digest("0" * 64),
        parent=None,
        labels=(),
    )


def crown(place: Place, name: str, seen: tuple[Revision, ...], against: int | None = None) -> ModelPin:
    """Make a champion that saw these revisions."""
    folder = place.home.root / "made" / name
    write_json(folder / "seen.json", tuple(sorted(revision.digest for revision in seen)))
    write_json(folder / "lineage.json", describe_lineage())
    model = judge_candidate(place, name, against=against)
    assert promote_latest(place, DOMAIN, YES).is_promoted
    return model


def retract(place: Place, revision: Revision) -> None:
    notice = build_revision(revision.document_id, status=Status.RETRACTED, text="")
    place.corpus(DOMAIN).append(DropId(f"retraction of {revision.document_id}"), [notice])


def stock(place: Place) -> None:
    for number, revision in enumerate((FIRST, SECOND, THIRD)):
        place.corpus(DOMAIN).append(DropId(f"drop-{number}"), [revision])


def choose(place: Place) -> ModelPin | None:
    return pin_domain(place, DOMAIN, "news", with_look=False).start


def test_an_untainted_champion_is_what_a_retraining_starts_from(place: Place) -> None:
    stock(place)
    assert choose(place) is None
    crown(place, "starting-1", (FIRST,))
    crown(place, "starting-2", (FIRST, SECOND), against=1)
    retract(place, THIRD)
    assert choose(place) is None


def test_the_newest_earlier_champion_that_never_saw_the_retracted_document_is_laid_out(place: Place, tmp_path: Path) -> None:
    stock(place)
    crown(place, "starting-1", (FIRST,))
    second = crown(place, "starting-2", (FIRST, SECOND), against=1)
    crown(place, "starting-3", (FIRST, SECOND, THIRD), against=2)
    retract(place, THIRD)
    pin = pin_domain(place, DOMAIN, "a retraction", with_look=True)
    assert pin.start == ModelPin(version=2, digest=second.digest)
    folder = DomainFolder(tmp_path / "laid")
    lay_out(place, DOMAIN, pin, folder)
    assert digest_folder(folder.start) == second.digest
    assert read_json(folder.start / "seen.json", tuple[Digest, ...]) == tuple(sorted((FIRST.digest, SECOND.digest)))


def test_a_drop_that_was_taken_out_is_forgotten_in_the_same_way(place: Place) -> None:
    stock(place)
    first = crown(place, "starting-1", (FIRST,))
    crown(place, "starting-2", (FIRST, SECOND), against=1)
    place.corpus(DOMAIN).withdraw_drop(DropId("drop-1"))
    start = choose(place)
    assert start is not None
    assert start.digest == first.digest


def test_where_every_champion_saw_it_the_base_is_what_is_left(place: Place) -> None:
    stock(place)
    crown(place, "starting-1", (FIRST,))
    crown(place, "starting-2", (FIRST, SECOND), against=1)
    retract(place, FIRST)
    assert choose(place) is None


def keep_replay(place: Place, model: ModelPin, seen: tuple[Revision, ...]) -> Digest:
    """What a replay of the retraining that gave ``model`` leaves: its own model among the evidence, its word in the ledger."""
    folder = place.home.root / "replayed" / str(model.version)
    write_json(folder / "seen.json", tuple(sorted(revision.digest for revision in seen)))
    write_json(folder / "lineage.json", describe_lineage())
    digest = place.evidence.put_folder(folder)
    payload: dict[str, Json] = {
        "version": model.version,
        "replayed": model.digest,
        "parent": None,
        "manifest": "",
        "digest": digest,
    }
    place.ledger.append(DOMAIN, Kind.RETRAINING_REPLAYED, payload)
    return digest


def test_what_came_of_a_replay_goes_before_every_earlier_champion_and_is_laid_out(place: Place, tmp_path: Path) -> None:
    stock(place)
    crown(place, "starting-1", (FIRST,))
    second = crown(place, "starting-2", (FIRST, SECOND, THIRD), against=1)
    retract(place, THIRD)
    replayed = keep_replay(place, second, (FIRST, SECOND))
    pin = pin_domain(place, DOMAIN, "a retraction", with_look=False)
    assert pin.start == ModelPin(version=2, digest=replayed)
    lay_out(place, DOMAIN, pin, DomainFolder(tmp_path / "laid"))
    assert digest_folder(tmp_path / "laid" / "start") == replayed


def test_a_replay_that_saw_what_must_be_forgotten_since_is_passed_over(place: Place) -> None:
    stock(place)
    first = crown(place, "starting-1", (FIRST,))
    second = crown(place, "starting-2", (FIRST, SECOND, THIRD), against=1)
    keep_replay(place, second, (FIRST, SECOND))
    retract(place, THIRD)
    retract(place, SECOND)
    start = choose(place)
    assert start is not None
    assert start.digest == first.digest


def test_a_replay_of_before_an_untainted_champion_is_not_gone_back_to(place: Place) -> None:
    stock(place)
    keep_replay(place, crown(place, "starting-1", (FIRST, SECOND)), (FIRST,))
    second = crown(place, "starting-2", (FIRST,), against=1)
    crown(place, "starting-3", (FIRST, THIRD), against=2)
    retract(place, THIRD)
    assert choose(place) == ModelPin(version=2, digest=second.digest)


def test_a_replay_of_a_champion_that_was_rolled_back_is_passed_over(place: Place) -> None:
    stock(place)
    first = crown(place, "starting-1", (FIRST,))
    crown(place, "starting-2", (FIRST, THIRD), against=1)
    third = crown(place, "starting-3", (FIRST, SECOND, THIRD), against=2)
    keep_replay(place, third, (FIRST, SECOND))
    roll_back_domain(place, DOMAIN, "wrong triage")
    retract(place, THIRD)
    assert choose(place) == ModelPin(version=1, digest=first.digest)


def test_the_champions_to_be_replayed_are_those_since_the_last_that_saw_nothing_of_it(place: Place) -> None:
    stock(place)
    crown(place, "starting-1", (FIRST,))
    crown(place, "starting-2", (FIRST, THIRD), against=1)
    crown(place, "starting-3", (FIRST, SECOND, THIRD), against=2)
    assert find_chain(place, DOMAIN, place.corpus(DOMAIN).pin()) is None
    retract(place, THIRD)
    found = find_chain(place, DOMAIN, place.corpus(DOMAIN).pin())
    assert found is not None
    assert ([one.version for one in found.tainted], found.start and found.start.version) == ([2, 3], 1)
    retract(place, FIRST)
    whole = find_chain(place, DOMAIN, place.corpus(DOMAIN).pin())
    assert whole is not None
    assert ([one.version for one in whole.tainted], whole.start) == ([1, 2, 3], None)


def test_nobody_starts_from_a_champion_that_was_rolled_back(place: Place) -> None:
    stock(place)
    crown(place, "starting-1", (FIRST, THIRD))
    crown(place, "starting-2", (FIRST,), against=1)
    roll_back_domain(place, DOMAIN, "wrong triage")
    unfreeze(place.ledger, DOMAIN, "found")
    retract(place, THIRD)
    assert choose(place) is None


def test_another_start_is_another_run_and_another_look(place: Place) -> None:
    stock(place)
    crown(place, "starting-1", (FIRST,))
    pin = pin_domain(place, DOMAIN, "news", with_look=False)
    other = replace(pin, start=pin.champion)
    params = place.of(DOMAIN)
    assert other.run_id != pin.run_id
    assert digest_inputs(place.workspace, DOMAIN, params, other) != digest_inputs(place.workspace, DOMAIN, params, pin)
