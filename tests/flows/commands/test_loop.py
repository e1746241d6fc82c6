"""The loop by hand: what is printed is what happened, and a refusal is one line that names what to do."""

from __future__ import annotations

import pytest

from flows.places import Place
from flows.promoting import Approval, promote_latest
from pipelines.domain.events import Kind
from pipelines.domain.pins import Pin
from pipelines.files import read_json
from pipelines.ledger.champions import champion, is_frozen
from pipelines.ledger.retrainings import start_retraining
from tests.builders.installations import Installation, build_records
from tests.builders.places import DOMAIN, judge_candidate
from tests.builders.revisions import build_revision
from tests.flows.commands.conftest import Call

YES = Approval(by="R. Okafor", reason="reviewed")


def crown_two(place: Place) -> None:
    judge_candidate(place, "by-hand-1")
    promote_latest(place, DOMAIN, YES)
    judge_candidate(place, "by-hand-2", against=1)
    promote_latest(place, DOMAIN, YES)


@pytest.mark.parametrize(
    "arguments",
    [
        ("pin", "dental"),
        ("abandon", "dental", "--reason", "r"),
        ("restore", "dental", "1", "--approve", "R. Okafor", "--reason", "r"),
        ("unfreeze", "dental"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_an_unknown_domain_is_refused_in_one_line(call: Call, arguments: tuple[str, ...]) -> None:
    said = call(*arguments)
    assert said.exit_code == 1
    (line,) = said.stderr.splitlines()
    assert line.startswith("refused: no domain 'dental' in params.yaml; there are: clinical")
    assert said.stdout == ""


@pytest.mark.parametrize("command", ["watch", "retrain", "promote", "rollback"])
def test_an_unknown_domain_is_refused_by_the_flows_too(call: Call, prefect_server: None, command: str) -> None:
    reason = ["--reason", "r"] if command == "rollback" else []
    said = call(command, "dental", *reason)
    assert said.exit_code == 1
    assert said.stderr.splitlines()[-1].startswith("refused: no domain 'dental'")


def test_a_pin_by_hand_is_written_into_the_workspace(call: Call, there: Place, installation: Installation) -> None:
    there.corpus(DOMAIN).append("drop", [build_revision()])
    said = call("pin", "clinical")
    assert said.exit_code == 0, said.output
    assert read_json(there.workspace.of(DOMAIN).pin, Pin).look is None
    assert "dvc repro judge@clinical" in said.stdout


def test_a_retraining_that_cannot_go_on_is_given_up_by_hand(call: Call, there: Place) -> None:
    assert "no retraining is open" in call("abandon", "clinical", "--reason", "stuck").stderr
    begun = start_retraining(there.ledger, DOMAIN, {"run": "run-1"})
    said = call("abandon", "clinical", "--reason", "begun before the upgrade")
    assert said.exit_code == 0, said.output
    assert "run run-1 is given up; `addendum retrain clinical` begins anew" in said.stdout
    assert [event.kind for event in there.ledger.events(DOMAIN, since=begun.seq)] == [Kind.RETRAIN_ENDED]


def test_unfreezing_and_restoring_go_forward_again(call: Call, there: Place, prefect_server: None) -> None:
    crown_two(there)
    said = call("rollback", "clinical", "--reason", "wrong triage")
    assert "version 1 serves again; promotion is frozen until `addendum unfreeze clinical`" in said.stdout
    refused = call("restore", "clinical", "2", "--approve", "R. Okafor", "--reason", "false alarm")
    assert (refused.exit_code, "addendum unfreeze clinical" in refused.stderr) == (1, True)
    assert "promotion is open again" in call("unfreeze", "clinical", "--reason", "cause found").stdout
    assert not is_frozen(there.ledger, DOMAIN)
    said = call("restore", "clinical", "2", "--approve", "R. Okafor", "--reason", "false alarm")
    assert "version 2 is champion again" in said.stdout
    serving = champion(there.ledger, DOMAIN)
    assert serving is not None
    assert serving.version == 2


def test_a_version_that_never_served_is_not_restored(call: Call, there: Place) -> None:
    crown_two(there)
    said = call("restore", "clinical", "7", "--approve", "R. Okafor", "--reason", "r")
    assert said.exit_code == 1
    assert "never was champion" in said.stderr


def test_restoring_needs_a_name_and_a_reason(call: Call) -> None:
    assert call("restore", "clinical", "2").exit_code == 2


def test_a_promotion_that_waits_says_for_whom_and_ends_with_status_1(call: Call, there: Place, prefect_server: None) -> None:
    judge_candidate(there, "by-hand-1")
    waiting = call("promote", "clinical")
    assert waiting.exit_code == 1
    assert "addendum approve clinical 1 --as" in waiting.stdout
    done = call("promote", "clinical", "--approve", "R. Okafor", "--reason", "reviewed")
    assert done.exit_code == 0
    assert "version 1: the sentence about by-hand-1" in done.stdout


def test_nothing_judged_is_refused(call: Call, prefect_server: None) -> None:
    said = call("promote", "clinical")
    assert said.exit_code == 1
    assert said.stderr.splitlines()[-1].endswith("has no judged candidate: run `addendum retrain clinical` first")


def test_a_look_says_what_it_brought_and_a_hold_says_why(call: Call, installation: Installation, prefect_server: None) -> None:
    installation.drop("a", build_records(6))
    said = call("watch", "clinical")
    assert said.exit_code == 0, said.output
    assert "6 admitted, 0 quarantined" in said.stdout
    assert "folder: nothing new" in call("watch", "clinical").stdout
    assert "HOLD clinical: no champion yet, and only 6 of 20" in call("retrain", "clinical").stdout
