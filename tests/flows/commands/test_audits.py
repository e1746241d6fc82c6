"""An auditor gets one line when all is well, a line a problem when not, and a status that a script can read."""

from __future__ import annotations

import shutil
from pathlib import Path

from flows.places import Place
from flows.promoting import Approval, promote_latest
from pipelines.domain.events import Kind
from tests.builders.places import DOMAIN, judge_candidate
from tests.builders.tampering import Tamperer
from tests.flows.commands.conftest import Call


def promote_one(place: Place) -> None:
    judge_candidate(place, "audits-1")
    promote_latest(place, DOMAIN, Approval(by="R. Okafor", reason="reviewed"))


def unguarded(place: Place) -> Tamperer:
    tamperer = Tamperer(place.settings.ledger_address)
    tamperer.unguard()
    return tamperer


def test_all_well_is_one_line_with_what_was_looked_at(call: Call, there: Place) -> None:
    promote_one(there)
    said = call("verify")
    events = len(there.ledger.events(DOMAIN))
    (public,) = there.home.keys.glob("ledger-*.pub")
    key = public.stem.removeprefix("ledger-")
    counts = f"1 domains, {events} events, {events} heads signed by key {key}, 0 pieces of evidence, 3 aliases"
    assert (said.exit_code, said.stdout) == (0, f"all well: {counts}\n")
    assert call("verify", "clinical").stdout == said.stdout


def test_an_empty_record_is_all_well(call: Call) -> None:
    said = call("verify")
    assert said.exit_code == 0
    assert said.stdout == "all well: 1 domains, 0 events, 0 heads signed, 0 pieces of evidence, 0 aliases\n"


def test_each_problem_is_a_line_with_its_domain_and_event(call: Call, there: Place) -> None:
    promote_one(there)
    unguarded(there).execute("UPDATE events SET actor = 'x' WHERE seq = 2")
    there.ledger.restore_guards()
    said = call("verify", "clinical")
    assert said.exit_code == 1
    assert said.stdout.splitlines()[0] == "clinical, event 2: its content is not what its hash says"
    assert said.stdout.splitlines()[-1].startswith("1 problems in 1 domains")


def test_an_unknown_domain_is_refused_by_name(call: Call) -> None:
    assert call("verify", "dental").stderr.startswith("refused: no domain 'dental'")


def test_missing_guards_are_named_and_put_back_when_asked(call: Call, there: Place) -> None:
    unguarded(there)
    said = call("verify", "--restore-guards")
    assert said.exit_code == 1
    assert said.stdout.startswith("all domains, as a whole: the trigger events_refuse_delete is missing")
    assert call("verify").exit_code == 0


def test_a_copy_of_the_heads_is_compared_too(call: Call, there: Place, tmp_path: Path) -> None:
    there.ledger.append(DOMAIN, Kind.RETRAIN_HELD, {"reason": "nothing new"})
    kept = shutil.copytree(there.home.heads, tmp_path / "kept")
    shutil.rmtree(there.home.heads)
    unguarded(there).put_back([])
    there.ledger.restore_guards()
    assert call("verify").exit_code == 0
    said = call("verify", "--heads", str(kept))
    assert said.exit_code == 1
    assert "clinical, event 1: the chain ends at event 0, but the head of event 1 was signed" in said.stdout


def test_a_byte_that_is_no_text_is_shown_as_its_number(call: Call, there: Place) -> None:
    there.ledger.append(DOMAIN, Kind.RETRAIN_HELD, {"reason": "nothing new"})
    unguarded(there).execute("UPDATE events SET domain = CAST(X'ff6c' AS TEXT)")
    there.ledger.restore_guards()
    said = call("verify")
    assert said.exit_code == 1
    assert r"\udcffl, as a whole: rows stand under a name that is no text" in said.stdout


def test_a_copy_that_is_no_folder_is_refused_by_name(call: Call, tmp_path: Path) -> None:
    said = call("verify", "--heads", str(tmp_path / "nowhere"))
    assert said.exit_code == 1
    assert said.stderr.startswith(f"refused: {tmp_path / 'nowhere'} is no folder of signed heads")


def test_a_copy_that_says_nothing_of_a_domain_with_events_is_a_problem_of_that_domain(
    call: Call, there: Place, tmp_path: Path
) -> None:
    assert call("verify", "--heads", str(tmp_path)).exit_code == 0
    there.ledger.append(DOMAIN, Kind.RETRAIN_HELD, {"reason": "nothing new"})
    said = call("verify", "--heads", str(tmp_path))
    assert said.exit_code == 1
    assert said.stdout.startswith(f"clinical, as a whole: {tmp_path} holds no signed head of it")
    assert call("verify", "--heads", str(there.home.heads)).exit_code == 0
