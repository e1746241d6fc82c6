"""A retraining starts from its champion, or from the newest earlier one that saw nothing which was retracted or taken out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flows.pinning import lay_out, pin_domain
from flows.places import Place
from flows.promoting import Approval, promote_latest
from flows.returning import roll_back_domain
from pipelines.domain.identities import Digest, DropId
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


def crown(place: Place, name: str, seen: tuple[Revision, ...], against: int | None = None) -> ModelPin:
    """Make a champion that saw these revisions."""
    folder = place.home.root / "made" / name
    lineage = Lineage(
        learner="linear",
        base="",
        corpus_id="corpus",
        corpus_version=1,
        ingest_seq=1,
        manifest_digest=Digest("0" * 64),
        parent=None,
        labels=(),
    )
    write_json(folder / "seen.json", tuple(sorted(revision.digest for revision in seen)))
    write_json(folder / "lineage.json", lineage)
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
