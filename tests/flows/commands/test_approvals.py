"""Approvals by hand: a key is made, listed and used; what is printed is what happened, and a refusal is one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from flows.places import Place
from pipelines.domain.events import Kind
from pipelines.domain.verdicts import Finding, Result
from pipelines.keys import open_keys
from pipelines.ledger.champions import champion
from pipelines.promote.approvals import is_proven
from pipelines.promote.approvers import Approver
from pipelines.split.params import SplitParams
from tests.builders.installations import Installation
from tests.builders.places import DOMAIN, judge_candidate
from tests.flows.commands.conftest import Call

SIGNED = ("--as", "R. Okafor", "--reason", "reviewed with the board")


def serving(place: Place) -> int | None:
    found = champion(place.ledger, DOMAIN)
    return found.version if found else None


def test_a_new_key_is_told_as_the_line_that_lists_it(call: Call, tmp_path: Path) -> None:
    said = call("key", "new", "R. Okafor", "--out", str(tmp_path / "okafor.pem"))
    assert said.exit_code == 0, said.output
    (listed,) = yaml.safe_load(said.stdout.splitlines()[-1])
    assert Approver.model_validate(listed).name == "R. Okafor"
    assert "PRIVATE" not in said.output
    again = call("key", "new", "R. Okafor", "--out", str(tmp_path / "okafor.pem"))
    assert (again.exit_code, "is there already" in again.stderr) == (1, True)


@pytest.mark.parametrize("name", ["R. Okafor", "Ledger", "Model"])
def test_without_a_place_a_key_lies_apart_from_those_the_installation_signs_by(call: Call, there: Place, name: str) -> None:
    before = set(there.home.keys.glob("*"))
    assert call("key", "new", name).exit_code == 0
    assert [path.suffix for path in (there.home.keys / "approvers").iterdir()] == [".pem"]
    assert set(there.home.keys.glob("*")) - before == {there.home.keys / "approvers"}


def test_a_new_secret_is_told_as_the_line_that_names_it_and_never_shown(call: Call, there: Place) -> None:
    said = call("key", "secret", "SPLIT_KEY")
    assert said.exit_code == 0, said.output
    key = (there.home.secrets / "SPLIT_KEY").read_text(encoding="utf-8").strip()
    assert key not in said.output
    opened = open_keys(SplitParams.model_validate(yaml.safe_load(said.stdout.splitlines()[-1])), there.settings.find_key)
    assert opened.key == key
    assert call("key", "secret", "SPLIT_KEY").stdout.splitlines()[-1] == said.stdout.splitlines()[-1]
    assert "can name no key" in call("key", "secret", "../out").stderr


def test_approving_promotes_and_says_so(call: Call, there: Place) -> None:
    judge_candidate(there, "hand-1")
    said = call("approve", "clinical", "1", *SIGNED)
    assert said.exit_code == 0, said.output
    assert said.stdout.strip().endswith("it is champion now")
    assert serving(there) == 1


def test_denying_leaves_the_champion_and_ends_well(call: Call, there: Place) -> None:
    judge_candidate(there, "hand-1")
    said = call("deny", "clinical", "1", *SIGNED)
    assert said.exit_code == 0
    assert "was denied by R. Okafor, and the champion stays" in said.stdout
    refused = call("approve", "clinical", "1", *SIGNED)
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1)
    assert serving(there) is None


def test_overriding_is_for_the_undecidable_alone(call: Call, there: Place) -> None:
    judge_candidate(there, "hand-1", decision="refuse")
    assert "only a candidate that was held" in call("override", "clinical", "1", *SIGNED).stderr
    few = Finding(gate="power", result=Result.UNDECIDABLE, sentence="undecidable: 812 of 3,690 examples")
    judge_candidate(there, "hand-2", decision="hold", findings=(few,))
    assert call("override", "clinical", "2", *SIGNED).exit_code == 0
    assert serving(there) == 2
    assert "version 2 (by override)" in call("status").stdout


def test_with_a_listed_key_an_approval_is_signed_and_without_refused(
    call: Call, there: Place, installation: Installation, tmp_path: Path
) -> None:
    key = tmp_path / "okafor.pem"
    (listed,) = yaml.safe_load(call("key", "new", "R. Okafor", "--out", str(key)).stdout.splitlines()[-1])
    file = installation.workspace / "params.yaml"
    before = file.read_text(encoding="utf-8")
    params = yaml.safe_load(before)
    params["clinical"]["promote"] = {"approvers": [listed]}
    file.write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    judge_candidate(there, "hand-1")
    try:
        refused = call("approve", "clinical", "1", *SIGNED)
        assert (refused.exit_code, "a name alone is not enough" in refused.stderr) == (1, True)
        done = call("approve", "clinical", "1", *SIGNED, "--key", str(key))
        assert done.exit_code == 0, done.output
    finally:
        file.write_text(before, encoding="utf-8")
    (granted,) = there.ledger.events(DOMAIN, [Kind.APPROVAL_GRANTED])
    assert is_proven(granted)


@pytest.mark.parametrize("command", ["approve", "deny", "override"])
def test_an_answer_needs_a_name_a_reason_and_a_version(call: Call, command: str) -> None:
    assert call(command, "clinical", "1", "--as", "R. Okafor").exit_code == 2
    assert call(command, "clinical", "1", "--reason", "r").exit_code == 2
    assert call(command, "clinical", *SIGNED).exit_code == 2
    unknown = call(command, "dental", "1", *SIGNED)
    assert re.fullmatch(r"refused: no domain 'dental' in params.yaml; there are: clinical\n", unknown.stderr)


def test_reconciling_says_that_all_is_well_or_what_was_not(call: Call, there: Place) -> None:
    judge_candidate(there, "hand-1")
    call("approve", "clinical", "1", *SIGNED)
    assert call("reconcile").stdout == "clinical: all is as the ledger says\n"
    there.registry.point_alias(DOMAIN, "champion", None)
    assert "the alias champion was absent (somebody had moved it)" in call("reconcile", "clinical").stdout


def test_a_drill_without_a_champion_before_says_so(call: Call, there: Place, prefect_server: None) -> None:
    judge_candidate(there, "hand-1")
    call("approve", "clinical", "1", *SIGNED)
    said = call("drill", "clinical")
    assert (said.exit_code, "nothing to drill" in said.stdout) == (0, True)
