"""``addendum gate plan`` says what can be decided before anything is trained, and touches nothing that it is not told to."""

from __future__ import annotations

import pytest

from flows.landing import look_at_source
from flows.places import Place
from flows.worktrees import run_git
from pipelines.params import read_params
from tests.builders.installations import Installation, build_records
from tests.builders.places import DOMAIN
from tests.flows.commands.conftest import Call


def test_an_unknown_domain_is_refused_in_one_line(call: Call) -> None:
    said = call("gate", "plan", "dental")
    assert said.exit_code == 1
    assert said.stderr.splitlines()[-1].startswith("refused: no domain 'dental' in params.yaml")


@pytest.mark.slow
def test_a_holdout_is_counted_and_its_margins_are_written_where_asked(
    call: Call, there: Place, installation: Installation
) -> None:
    installation.drop("first", build_records(120))
    look_at_source(there, DOMAIN, "folder")
    before = run_git(there.workspace.root, "status", "--porcelain")
    said = call("gate", "plan", "clinical", "--seeds", "0")
    assert said.exit_code == 0, said.output
    assert "holdout: " in said.stdout
    assert "chance between seeds: not measured" in said.stdout
    assert "margins that can be decided up to look 4" in said.stdout
    assert run_git(there.workspace.root, "status", "--porcelain") == before
    events = len(there.ledger.events(DOMAIN))
    written = call("gate", "plan", "clinical", "--seeds", "2", "--write", "--looks", "1")
    try:
        assert written.exit_code == 0, written.output
        assert "trained with seed 1, scored on dev" in written.stdout
        assert "chance between seeds, accuracy on " in written.stdout
        assert "written: accuracy on the holdout against the champion: margin 0.25 becomes" in written.stdout
        judge = read_params(there.workspace.params).of(DOMAIN).judge
        assert judge.power.discordance != there.of(DOMAIN).judge.power.discordance
        assert read_params(there.workspace.params).of(DOMAIN).train == there.of(DOMAIN).train
        assert len(there.ledger.events(DOMAIN)) == events
    finally:
        run_git(there.workspace.root, "checkout", "--", "params.yaml")


def test_one_seed_shows_no_chance_and_is_refused(call: Call) -> None:
    said = call("gate", "plan", "clinical", "--seeds", "1")
    assert said.exit_code == 1
    assert "0: none; else at least 2" in said.stderr
