"""The same circumstances give the same pin and the same look; anything that could change the result gives another look."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from flows.pinning import lay_out, pin_domain
from flows.places import Place
from flows.promoting import Approval, promote_latest
from pipelines.clock import SetClock
from pipelines.domain.events import Kind
from pipelines.domain.pins import Pin
from pipelines.files import digest_folder, read_json
from pipelines.inputs import digest_inputs
from pipelines.judge.plans import required_rows
from pipelines.workspace import DomainFolder
from tests.builders.ledgers import START
from tests.builders.places import DOMAIN, Shared, build_place, judge_candidate, with_section
from tests.builders.revisions import build_revision


@pytest.fixture
def stocked(place: Place) -> Place:
    place.corpus(DOMAIN).append("drop", [build_revision("doc-1")])
    return place


def test_the_same_pin_asked_twice_is_the_same_look(stocked: Place) -> None:
    first = pin_domain(stocked, DOMAIN, "news", with_look=True)
    second = pin_domain(stocked, DOMAIN, "another reason", with_look=True)
    assert second.look == first.look
    assert second.run_id == first.run_id
    assert len(stocked.ledger.events(DOMAIN, [Kind.LOOK_RESERVED])) == 1
    assert len(stocked.ledger.events(DOMAIN, [Kind.PLAN_REGISTERED])) == 1


def test_the_rows_that_the_coming_looks_need_are_registered_with_the_plan(stocked: Place) -> None:
    pin_domain(stocked, DOMAIN, "news", with_look=True)
    (plan,) = stocked.ledger.events(DOMAIN, [Kind.PLAN_REGISTERED])
    needed = plan.payload["required_rows"]
    assert isinstance(needed, list)
    assert needed == list(required_rows(stocked.of(DOMAIN).judge))
    assert len(needed) == 10
    assert needed == sorted(needed)


def test_a_pin_by_hand_has_no_look_and_records_nothing(stocked: Place) -> None:
    assert pin_domain(stocked, DOMAIN, "by hand", with_look=False).look is None
    assert stocked.ledger.events(DOMAIN) == []


def test_a_larger_corpus_is_another_look_that_may_spend_less(stocked: Place) -> None:
    first = pin_domain(stocked, DOMAIN, "news", with_look=True)
    stocked.corpus(DOMAIN).append("another", [build_revision("doc-2")])
    second = pin_domain(stocked, DOMAIN, "news", with_look=True)
    assert first.look is not None
    assert second.look is not None
    assert second.look.t == first.look.t + 1
    assert second.look.alpha < first.look.alpha


def test_other_params_are_another_look_on_the_same_corpus(stocked: Place) -> None:
    first = pin_domain(stocked, DOMAIN, "news", with_look=True)
    training = stocked.of(DOMAIN).train.model_copy(update={"seed": 99})
    second = pin_domain(with_section(stocked, train=training), DOMAIN, "news", with_look=True)
    assert second.corpus == first.corpus
    assert second.run_id != first.run_id


def test_where_the_count_of_looks_begins_anew_the_run_is_still_another(shared: Shared, tmp_path: Path) -> None:
    """Look number one of this period and of the next, of the same corpus under the same plan: only the inputs tell them apart."""
    place = build_place(shared, tmp_path)
    place.corpus(DOMAIN).append("drop", [build_revision("doc-1")])
    first = pin_domain(place, DOMAIN, "news", with_look=True)
    ledger = replace(place.ledger, clock=SetClock(START + timedelta(days=400)))
    training = place.of(DOMAIN).train.model_copy(update={"seed": 99})
    second = pin_domain(with_section(replace(place, ledger=ledger), train=training), DOMAIN, "news", with_look=True)
    assert first.look is not None
    assert second.look is not None
    assert (second.look.t, second.look.alpha, second.look.plan) == (first.look.t, first.look.alpha, first.look.plan)
    assert second.run_id != first.run_id


def test_the_look_names_what_it_is_bound_to(stocked: Place) -> None:
    pin = pin_domain(stocked, DOMAIN, "news", with_look=True)
    assert pin.look is not None
    assert pin.look.inputs == digest_inputs(stocked.workspace, DOMAIN, stocked.of(DOMAIN), pin)
    (event,) = stocked.ledger.events(DOMAIN, [Kind.LOOK_RESERVED])
    assert event.payload["inputs"] == pin.look.inputs


def test_params_that_no_stage_reads_are_the_same_look(stocked: Place) -> None:
    first = pin_domain(stocked, DOMAIN, "news", with_look=True)
    assert pin_domain(with_section(stocked, description="other words"), DOMAIN, "news", with_look=True) == first


def test_another_plan_is_registered_beside_the_first(stocked: Place) -> None:
    pin_domain(stocked, DOMAIN, "news", with_look=True)
    judging = stocked.of(DOMAIN).judge
    fewer = judging.model_copy(update={"gates": judging.gates[:-1]})
    pin_domain(with_section(stocked, judge=fewer), DOMAIN, "news", with_look=True)
    plans = [event.payload["plan"] for event in stocked.ledger.events(DOMAIN, [Kind.PLAN_REGISTERED])]
    assert len(set(plans)) == 2


def test_the_champion_and_the_anchor_are_laid_beside_the_pin(stocked: Place) -> None:
    model = judge_candidate(stocked, "pinned-1")
    promote_latest(stocked, DOMAIN, Approval(by="R. Okafor", reason="reviewed"))
    pin = pin_domain(stocked, DOMAIN, "news", with_look=True)
    folder = DomainFolder(stocked.home.root / "laid")
    lay_out(stocked, DOMAIN, pin, folder)
    lay_out(stocked, DOMAIN, pin, folder)
    assert read_json(folder.pin, Pin) == pin
    assert pin.champion == pin.anchor == model
    assert digest_folder(folder.champion) == digest_folder(folder.anchor) == model.digest


def test_before_the_first_champion_its_folder_is_empty(stocked: Place) -> None:
    folder = DomainFolder(stocked.home.root / "laid")
    folder.champion.mkdir(parents=True)
    (folder.champion / "left over").write_text("by another pin", encoding="utf-8")
    lay_out(stocked, DOMAIN, pin_domain(stocked, DOMAIN, "first", with_look=False), folder)
    assert list(folder.champion.iterdir()) == list(folder.anchor.iterdir()) == []
