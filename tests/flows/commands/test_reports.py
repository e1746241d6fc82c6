"""The reports say what stands."""

from __future__ import annotations

from dataclasses import replace

from flows.places import Place
from flows.promoting import Approval, promote_latest
from pipelines.domain.events import Kind
from pipelines.files import write_json
from pipelines.recipes import build_recipe
from tests.builders.places import DOMAIN, judge_candidate
from tests.builders.revisions import build_revision
from tests.flows.commands.conftest import Call


def test_status_has_a_line_a_domain_and_says_where_the_state_is(call: Call, there: Place) -> None:
    said = call("status")
    assert said.exit_code == 0
    assert said.stdout.splitlines()[1].split()[:2] == ["clinical", "none"]
    assert str(there.home.root) in said.stdout.replace("\n", "")


def test_status_shows_the_champion(call: Call, there: Place) -> None:
    judge_candidate(there, "reports-1")
    promote_latest(there, DOMAIN, Approval(by="R. Okafor", reason="reviewed"))
    assert "version 1" in call("status").stdout


def test_explaining_what_was_never_judged_is_refused(call: Call) -> None:
    said = call("explain", "clinical", "3")
    assert said.exit_code == 1
    assert said.stderr == "refused: clinical has no judged version 3: `addendum status` shows the latest\n"


def test_explaining_an_unknown_domain_is_refused_by_name(call: Call) -> None:
    assert call("explain", "dental", "3").stderr.startswith("refused: no domain 'dental'")


def test_the_envelope_says_what_a_retraining_would_need(call: Call, there: Place) -> None:
    said = call("envelope", "clinical")
    assert said.exit_code == 0
    assert said.stdout.splitlines() == [
        "clinical: envelope: not asked: there is no champion to differ from, and the first needs a named approver anyway",
        "If it is retrained now, it would need a named approver.",
    ]


def test_the_envelope_lists_every_difference(call: Call, there: Place) -> None:
    recipe = build_recipe(there.workspace, there.of(DOMAIN), there.corpus(DOMAIN).pin(), ["folder"])
    path = there.home.root / "recipe.json"
    write_json(path, replace(recipe, params={**recipe.params, "train.seed": "7"}))
    judge_candidate(there, "reports-2")
    judged = there.ledger.last(DOMAIN, Kind.CANDIDATE_JUDGED)
    assert judged is not None
    kept = {"recipe.json": there.evidence.put_file(path)}
    there.ledger.append(DOMAIN, Kind.CANDIDATE_JUDGED, {**judged.payload, "evidence": kept})
    promote_latest(there, DOMAIN, Approval(by="R. Okafor", reason="reviewed"))
    there.corpus(DOMAIN).append("drop", [build_revision("a")])
    said = call("envelope", "clinical")
    assert said.stdout.splitlines()[1:] == [
        "  other documents (+1 arrivals): declared",
        "  train.seed: 7 → 0: needs a named approver",
        "If it is retrained now, it would need a named approver.",
    ]


def test_the_doctor_looks_at_everything(call: Call) -> None:
    said = call("doctor")
    for subject in ("Python", "git", "disk", "versions", "ledger", "Prefect", "MLflow", "DVC remote", "device"):
        assert f"{subject}: " in said.stdout
    assert said.exit_code == (1 if "look " in said.stdout else 0)
