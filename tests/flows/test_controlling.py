"""A control run is due when it was declared to be, compares on dev alone, and its finding makes the next start cold, once."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from flows.controlling import Control, find_control, is_control_due, run_apart, run_control
from flows.pinning import pin_domain
from flows.places import Place
from flows.retraining import FROM_SCRATCH, start_retraining, worktree
from flows.starting import must_start_cold
from flows.worktrees import Worktree
from pipelines.domain.errors import StageError
from pipelines.domain.events import Kind
from pipelines.domain.identities import Digest, RunId, digest_value
from pipelines.domain.models import Lineage
from pipelines.files import digest_folder, write_json
from pipelines.inputs import digest_inputs
from pipelines.learners.linear import Linear
from pipelines.learners.monitors import Unwatched
from pipelines.lessons.controls import Drift, train_control
from pipelines.lessons.params import LessonParams
from pipelines.params import ControlParams, RetrainParams
from tests.builders.domains import build_row, lay_domain, write_split
from tests.builders.lessons import LABELS
from tests.builders.places import DOMAIN, with_section
from tests.builders.revisions import build_revision

DRIFT = Drift(metric="accuracy", warm=0.8, control=0.9, difference=-0.1, lower=-0.15, upper=-0.05, rows=90, families=80)

LINEAGE = Lineage(
    learner="classifier",
    base="scratch:tiny",
    corpus_id="c",
    corpus_version=1,
    ingest_seq=1,
    manifest_digest=digest_value("manifest"),
    parent=None,
    labels=("Class I",),
)


def judge(place: Place, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        place.ledger.append(DOMAIN, Kind.CANDIDATE_JUDGED, {"run": f"run-{number}", "version": number, "digest": "d"})


def note_control(place: Place, *, is_beyond: bool) -> None:
    place.ledger.append(DOMAIN, Kind.CONTROL_RUN, {"run": "run-0", "is_beyond": is_beyond})


def is_due(place: Place, every: int) -> bool:
    return is_control_due(place.ledger.events(DOMAIN), ControlParams(every=every))


def test_a_control_is_due_after_as_many_judged_runs_as_are_declared(place: Place) -> None:
    judge(place, 2)
    assert (is_due(place, 2), is_due(place, 3)) == (True, False)
    judge(place, 2)
    assert not is_due(place, 3), "the same runs judged again are no more runs"
    assert not is_control_due(place.ledger.events(DOMAIN), None)


def test_after_a_control_the_count_begins_anew(place: Place) -> None:
    judge(place, 2)
    note_control(place, is_beyond=False)
    assert not is_due(place, 1)
    judge(place, 1, first=2)
    assert is_due(place, 1)


def test_a_drift_beyond_the_bound_makes_the_next_start_cold(place: Place) -> None:
    assert not must_start_cold(place, DOMAIN)
    note_control(place, is_beyond=False)
    assert not must_start_cold(place, DOMAIN)
    note_control(place, is_beyond=True)
    assert must_start_cold(place, DOMAIN)
    assert pin_domain(place, DOMAIN, "news", with_look=False).is_cold


def start(place: Place, run: str, *, is_cold: bool) -> None:
    place.ledger.append(DOMAIN, Kind.RETRAIN_STARTED, {"run": run, "pin": {"is_cold": is_cold}})


def promote(place: Place, run: str, version: int) -> None:
    place.ledger.append(
        DOMAIN, Kind.PROMOTED, {"run_id": run, "version": version, "digest": "d" * 64, "ingest_seq": 1, "previous": None}
    )


def test_starts_stay_cold_until_a_model_from_scratch_is_promoted(place: Place) -> None:
    note_control(place, is_beyond=True)
    start(place, "warm", is_cold=False)
    promote(place, "warm", 1)
    start(place, "cold", is_cold=True)
    assert must_start_cold(place, DOMAIN)
    promote(place, "cold", 2)
    assert not must_start_cold(place, DOMAIN)


def test_a_cold_start_is_another_run_and_another_look_and_is_said(place: Place) -> None:
    place.corpus(DOMAIN).append("drop", [build_revision(f"doc-{number}") for number in range(30)])
    pin = pin_domain(place, DOMAIN, "news", with_look=False)
    cold = replace(pin, is_cold=True)
    params = place.of(DOMAIN)
    assert cold.run_id != pin.run_id
    assert digest_inputs(place.workspace, DOMAIN, params, cold) != digest_inputs(place.workspace, DOMAIN, params, pin)
    note_control(place, is_beyond=True)
    begun = start_retraining(place, DOMAIN, "asked for")
    assert begun.reason == f"asked for{FROM_SCRATCH}"


def test_it_is_said_in_one_sentence_with_its_figures() -> None:
    said = Control(version=4, drift=DRIFT, is_beyond=True).sentence
    assert said == (
        "version 4 has accuracy 0.8000 on dev, and training from scratch 0.9000 (difference -0.1000, -0.1500 to -0.0500): "
        "warm starts have drifted, so the next retraining starts from scratch"
    )
    assert Control(version=4, drift=DRIFT, is_beyond=False).sentence.endswith(": no drift")


def test_without_a_candidate_there_is_nothing_to_control(place: Place) -> None:
    with pytest.raises(StageError, match="has no judged candidate yet"):
        run_control(place, DOMAIN, [].append)


def lay_run(place: Place, *, is_turned: bool) -> Place:
    """A judged candidate in its run's checkout, of splits with 60 rows of dev; a turned one learned every label wrong."""
    tree = open_run(place)
    params = yaml.safe_load((tree.root / "params.yaml").read_text(encoding="utf-8"))
    params["clinical"]["labels"] = list(LABELS)
    (tree.root / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    laid = lay_domain(place.home.root / "laid")
    write_split(laid, "dev", [build_row("dev", number) for number in range(60)])
    rows = [build_row("train", number, label=LABELS[(number + is_turned) % 2]) for number in range(40)]
    texts = [build_row("train", number).revision.text for number in range(40)]
    straight = (laid.splits / "train.parquet").read_bytes()
    write_split(
        laid, "train", [replace(row, revision=replace(row.revision, text=text)) for row, text in zip(rows, texts, strict=True)]
    )
    made = place.home.root / "made" / "controlled"
    train_control(laid, LessonParams(learner=Linear(), threads=1), LABELS, made, Unwatched())
    (laid.splits / "train.parquet").write_bytes(straight)
    shutil.copytree(laid.root, tree.folder.root, dirs_exist_ok=True)
    shutil.copytree(made, tree.folder.model, dirs_exist_ok=True)
    judged = {"run": tree.run_id, "version": 1, "digest": digest_folder(made)}
    place.ledger.append(DOMAIN, Kind.CANDIDATE_JUDGED, judged)
    return place


def open_run(place: Place) -> Worktree:
    """The checkout of a run that only this place knows: all places share one workspace, and its branches."""
    return worktree(place, DOMAIN, RunId(f"controlled-{digest_value(str(place.home.root))[:12]}"))


@pytest.mark.slow
def test_a_candidate_that_learned_what_a_start_from_scratch_would_has_not_drifted(place: Place) -> None:
    lines: list[str] = []
    control = run_control(lay_run(place, is_turned=False), DOMAIN, lines.append)
    assert (control.drift.difference, control.is_beyond) == (0.0, False)
    assert any(line.startswith("train step") for line in lines)
    (noted,) = place.ledger.events(DOMAIN, [Kind.CONTROL_RUN])
    assert noted.payload["sentence"] == control.sentence
    assert not must_start_cold(place, DOMAIN)


@pytest.mark.slow
def test_one_that_has_unlearned_is_beyond_the_bound_and_the_next_starts_cold(place: Place) -> None:
    control = run_control(lay_run(place, is_turned=True), DOMAIN, [].append)
    assert (control.drift.warm, control.drift.control, control.is_beyond) == (0.0, 1.0, True)
    assert must_start_cold(place, DOMAIN)


@pytest.mark.slow
def test_a_drift_within_the_bound_is_none(place: Place) -> None:
    generous = with_section(place, retrain=RetrainParams(control=ControlParams(every=1, bound=1.0)))
    assert not run_control(lay_run(generous, is_turned=True), DOMAIN, [].append).is_beyond


def test_a_candidate_whose_weights_are_gone_is_refused_with_what_to_do(place: Place) -> None:
    tree = open_run(lay_run(place, is_turned=False))
    next(iter(tree.folder.model.glob("*.safetensors"))).unlink()
    with pytest.raises(StageError, match="`dvc checkout` the run"):
        run_control(place, DOMAIN, [].append)


@pytest.mark.slow
def test_splits_that_are_gone_are_named(place: Place) -> None:
    tree = open_run(lay_run(place, is_turned=False))
    (tree.folder.splits / "train.parquet").unlink()
    with pytest.raises(StageError, match=r"the control run of clinical failed: .*train.parquet is missing"):
        run_control(place, DOMAIN, [].append)


def test_a_candidate_that_started_cold_needs_no_control(place: Place) -> None:
    declared = with_section(place, retrain=RetrainParams(control=ControlParams(every=1)))
    assert find_control(lay_run(declared, is_turned=False), DOMAIN) is None


@pytest.mark.parametrize("parent", [None, "d" * 64])
def test_a_candidate_that_started_cold_is_refused_a_control_and_the_next_still_starts_cold(
    place: Place, parent: Digest | None
) -> None:
    note_control(place, is_beyond=True)
    tree = open_run(lay_run(place, is_turned=False))
    write_json(tree.folder.model / "lineage.json", replace(LINEAGE, parent=parent))
    judged = {"run": tree.run_id, "version": 2, "digest": digest_folder(tree.folder.model)}
    place.ledger.append(DOMAIN, Kind.CANDIDATE_JUDGED, judged)
    declared = with_section(place, retrain=RetrainParams(control=ControlParams(every=1)))
    assert find_control(declared, DOMAIN) == (tree.run_id if parent else None)
    if parent is None:
        with pytest.raises(StageError, match="version 2 of clinical began from scratch itself"):
            run_control(place, DOMAIN, [].append)
        assert must_start_cold(place, DOMAIN)


def test_a_control_whose_flow_is_ended_is_not_waited_for(place: Place) -> None:
    def end(line: str) -> None:
        raise InterruptedError(line)

    place.home.root.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with pytest.raises(InterruptedError, match="waiting"):
        run_apart([sys.executable, "-u", "-c", "import time; print('waiting'); time.sleep(600)"], place.home.root, {}, end)
    assert time.monotonic() - started < 300


@pytest.mark.slow
def test_the_holdout_is_not_asked_for(place: Place) -> None:
    tree = open_run(lay_run(place, is_turned=False))
    for name in ("holdout", "anchor"):
        (tree.folder.splits / f"{name}.parquet").unlink()
    assert run_control(place, DOMAIN, [].append).drift.rows == 60
    assert isinstance(tree.folder.splits, Path)
