"""The reports say what stands."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from flows.places import Place
from flows.promoting import Approval, promote_latest
from pipelines.domain.events import Kind
from pipelines.files import write_json
from pipelines.recipes import build_recipe
from tests.builders.installations import REPOSITORY
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


def test_a_dossier_is_written_and_its_two_files_are_named(call: Call, there: Place) -> None:
    judge_candidate(there, "reports-1")
    said = call("dossier", "clinical", "1")
    assert said.exit_code == 0
    named = said.stdout.split()
    assert named == [str(there.home.dossiers / "clinical" / f"1.{kind}") for kind in ("html", "json")]
    assert b"clinical, version 1" in (there.home.dossiers / "clinical" / "1.html").read_bytes()


def test_a_dossier_of_what_was_never_judged_is_refused(call: Call, there: Place) -> None:
    judge_candidate(there, "reports-1")
    said = call("dossier", "clinical", "7")
    assert said.exit_code == 1
    assert said.stderr.startswith("refused: clinical has no judged version 7")


def test_open_hands_the_page_to_the_browser(call: Call, there: Place, tmp_path: Path) -> None:
    judge_candidate(there, "reports-1")
    browser, seen = tmp_path / "browser", tmp_path / "seen"
    browser.write_text(f'#!/bin/sh\necho "$1" > {seen}\n', encoding="utf-8")
    browser.chmod(0o755)
    command = [sys.executable, "-m", "flows.cli", "dossier", "clinical", "1", "--open"]
    subprocess.run(command, cwd=REPOSITORY, env={**os.environ, "BROWSER": f"{browser} %s"}, check=True, capture_output=True)
    assert seen.read_text(encoding="utf-8").strip() == (there.home.dossiers / "clinical" / "1.html").as_uri()
