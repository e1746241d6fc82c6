"""A conclusion is a list of steps: cut short after any of them and begun again, it ends the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flows.concluding import STEPS, conclude_run
from flows.conclusions import Concluding
from flows.evidence import gather_evidence, list_files
from flows.sightings import Seen
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.events import Kind
from pipelines.domain.identities import digest_bytes
from pipelines.domain.pins import Pin
from pipelines.domain.verdicts import Decision, Verdict
from pipelines.files import digest_file, read_json, write_json
from tests.builders.places import DOMAIN

if TYPE_CHECKING:
    from tests.flows.conftest import Retrained

pytestmark = pytest.mark.slow


def begin(retrained: Retrained) -> Concluding:
    folder = retrained.tree.folder
    verdict, pin = read_json(folder.verdict / "verdict.json", Verdict), read_json(folder.pin, Pin)
    return Concluding(place=retrained.place, tree=retrained.tree, verdict=verdict, pin=pin)


def test_the_event_names_every_file_that_the_run_left(retrained: Retrained) -> None:
    (judged,) = retrained.place.ledger.events(DOMAIN, [Kind.CANDIDATE_JUDGED])
    named = judged.payload["evidence"]
    assert isinstance(named, dict)
    left = {name for name, path in list_files(retrained.tree).items() if path.is_file()}
    sets = {name for seen in Seen for name in (seen.index_name, seen.body_name)}
    assert set(named) == left | sets | {"changes.json", "drift.json", "quarantine.json", "licences.json", "cost.json"}
    assert {"pin.json", "verdict.json", "outcomes.parquet", "dvc.lock", "params.yaml", "seen.json"} <= left
    for name, digest in named.items():
        assert digest_bytes(retrained.place.evidence.get(digest)) == digest, name
    assert named["verdict.json"] == judged.payload["verdict"]


def test_no_text_of_a_document_is_in_an_event(retrained: Retrained) -> None:
    said = " ".join(str(event.payload) for event in retrained.place.ledger.events(DOMAIN))
    assert "sterility failure" not in said
    assert "Recall 1 of product" not in said


def test_gathered_again_the_evidence_is_the_same(retrained: Retrained) -> None:
    run = begin(retrained)
    assert gather_evidence(run.place, run.tree, run.verdict) == gather_evidence(run.place, run.tree, run.verdict)


def test_evidence_is_not_gathered_for_another_verdict(retrained: Retrained) -> None:
    from dataclasses import replace

    run = begin(retrained)
    with pytest.raises(WorkspaceError, match="the verdict changed"):
        gather_evidence(run.place, run.tree, replace(run.verdict, decision=Decision.REFUSE))


@pytest.mark.parametrize("done", range(1, len(STEPS)), ids=lambda done: STEPS[done - 1].__name__)
def test_cut_short_after_any_step_it_is_concluded_the_same(retrained: Retrained, done: int) -> None:
    before = retrained.place.ledger.head(DOMAIN)
    run = begin(retrained)
    for step in STEPS[:done]:
        run = step(run)
    assert conclude_run(retrained.place, retrained.tree) == retrained.conclusion
    assert retrained.place.ledger.head(DOMAIN) == before


def test_a_step_that_needs_the_model_refuses_before_it_is_registered(retrained: Retrained) -> None:
    with pytest.raises(WorkspaceError, match="not registered yet"):
        _ = begin(retrained).registered


@pytest.fixture
def tampered(retrained: Retrained) -> Iterator[Path]:
    path = retrained.tree.folder.verdict / "verdict.json"
    before = path.read_bytes()
    yield path
    path.write_bytes(before)


def test_a_verdict_on_another_model_is_not_recorded(retrained: Retrained, tampered: Path) -> None:
    from dataclasses import replace

    write_json(tampered, replace(read_json(tampered, Verdict), candidate=digest_file(tampered)))
    with pytest.raises(WorkspaceError, match="do not belong together"):
        conclude_run(retrained.place, retrained.tree)


def test_a_conclusion_ends_with_a_dossier_on_disk_and_in_mlflow(retrained: Retrained) -> None:
    page = retrained.conclusion.page
    assert page == retrained.place.home.dossiers / DOMAIN / "1.html"
    assert page is not None
    assert b"clinical, version 1" in page.read_bytes()
    run = retrained.place.tracker.open_run(DOMAIN, retrained.tree.run_id)
    attached = {one.path for one in retrained.place.tracker.client().list_artifacts(run, "dossier")}
    retrained.place.tracker.close_run(run)
    assert attached == {"dossier/1.html", "dossier/1.json"}
