"""Before anything is trained it is known how it would differ from the champion, and what weakens a gate is not begun."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from flows.envelopes import describe_need, find_stop, rule_on_present
from flows.pinning import lay_out, pin_domain
from flows.places import Place
from flows.promoting import Approval, promote_latest
from flows.retraining import start_retraining
from pipelines.domain.errors import LedgerError, ParamsError
from pipelines.domain.events import Kind
from pipelines.domain.identities import DomainName, Json
from pipelines.domain.recipes import Recipe
from pipelines.domain.verdicts import Result
from pipelines.files import digest_file, read_json, write_json
from pipelines.recipes import build_recipe
from pipelines.workspace import DomainFolder
from tests.builders.places import DOMAIN, judge_candidate, with_section
from tests.builders.revisions import build_revision


def crown(place: Place, content: bytes | None = None, *, is_recorded: bool = True) -> Recipe:
    """Make a champion of the present corpus, params and code, with its recipe kept as a retraining keeps it."""
    recipe = build_recipe(place.workspace, place.of(DOMAIN), place.corpus(DOMAIN).pin(), ["folder"])
    path = place.home.root / "recipe.json"
    write_json(path, recipe)
    judge_candidate(place, "champion-1")
    judged = place.ledger.last(DOMAIN, Kind.CANDIDATE_JUDGED)
    assert judged is not None
    if is_recorded:
        kept: Mapping[str, Json] = {"recipe.json": place.evidence.put(content or path.read_bytes())}
        place.ledger.append(DOMAIN, Kind.CANDIDATE_JUDGED, {**judged.payload, "evidence": kept})
    assert promote_latest(place, DOMAIN, Approval(by="R. Okafor", reason="reviewed")).is_promoted
    return recipe


@pytest.fixture
def stocked(place: Place) -> Place:
    place.corpus(DOMAIN).append("drop", [build_revision(f"doc-{number}") for number in range(30)])
    return place


def loosen(place: Place) -> Place:
    judging = place.of(DOMAIN).judge
    return with_section(place, judge=judging.model_copy(update={"gates": judging.gates[1:]}))


def reseed(place: Place, **fields: Any) -> Place:
    return with_section(place, train=place.of(DOMAIN).train.model_copy(update=fields))


def test_the_pin_names_the_champions_recipe_and_lays_it_out(stocked: Place) -> None:
    recipe = crown(stocked)
    pin = pin_domain(stocked, DOMAIN, "news", with_look=True)
    assert pin.champion is not None
    assert pin.champion == pin.anchor
    folder = DomainFolder(stocked.home.root / "laid")
    (folder.reference / "left over").parent.mkdir(parents=True)
    (folder.reference / "left over").write_bytes(b"by another pin")
    lay_out(stocked, DOMAIN, pin, folder)
    assert [path.name for path in folder.reference.iterdir()] == ["recipe.json"]
    assert digest_file(folder.reference / "recipe.json") == pin.champion.recipe
    assert read_json(folder.reference / "recipe.json", Recipe) == recipe


def test_of_a_champion_without_a_recipe_on_record_nothing_is_laid_out(stocked: Place) -> None:
    crown(stocked, is_recorded=False)
    pin = pin_domain(stocked, DOMAIN, "news", with_look=True)
    assert pin.champion is not None
    assert pin.champion.recipe is None
    folder = DomainFolder(stocked.home.root / "laid")
    lay_out(stocked, DOMAIN, pin, folder)
    assert list(folder.reference.iterdir()) == []


def test_a_recipe_that_was_altered_is_not_laid_out(stocked: Place) -> None:
    crown(stocked)
    pin = pin_domain(stocked, DOMAIN, "news", with_look=True)
    for kept in stocked.home.evidence.rglob("*"):
        if kept.is_file():
            kept.chmod(0o644)
            kept.write_bytes(kept.read_bytes() + b" ")
    with pytest.raises(LedgerError, match="is altered"):
        lay_out(stocked, DOMAIN, pin, DomainFolder(stocked.home.root / "laid"))


def test_before_the_first_champion_there_is_nothing_to_differ_from(stocked: Place) -> None:
    ruling = rule_on_present(stocked, DOMAIN)
    assert (ruling.finding.result, ruling.needs_approval) == (Result.NOT_MEASURED, True)
    assert describe_need(ruling) == "it would need a named approver"


def test_a_champion_whose_making_nobody_recorded_leaves_it_to_a_person(stocked: Place) -> None:
    crown(stocked, is_recorded=False)
    assert "version 1 was made is not on record" in rule_on_present(stocked, DOMAIN).finding.sentence
    assert find_stop(stocked, DOMAIN) is None


def test_news_alone_would_promote_by_itself(stocked: Place) -> None:
    crown(stocked)
    stocked.corpus(DOMAIN).append("another", [build_revision("late")])
    ruling = rule_on_present(stocked, DOMAIN)
    assert ruling.finding.sentence == "envelope: only new data"
    assert describe_need(ruling) == "it would be promoted by itself if its verdict says so"


def test_a_new_source_and_a_new_seed_would_need_an_approver(stocked: Place) -> None:
    crown(stocked)
    stocked.corpus(DOMAIN).append("another", [build_revision("late", source="pubmed")])
    ruling = rule_on_present(reseed(stocked, seed=9), DOMAIN)
    assert [detail.name for detail in ruling.finding.details] == [
        "other documents (+1 arrivals): declared",
        "source added: pubmed: needs a named approver",
        "train.seed: 0 → 9: needs a named approver",
    ]
    assert describe_need(ruling) == "it would need a named approver"


def test_a_removed_gate_stops_a_retraining_before_it_begins_and_spends_no_look(stocked: Place) -> None:
    crown(stocked)
    stocked.corpus(DOMAIN).append("another", [build_revision("late")])
    start = start_retraining(loosen(stocked), DOMAIN, None)
    assert start.run_id is None
    assert start.reason.startswith("envelope: stopped: gate removed: floor accuracy holdout")
    assert "`addendum envelope clinical`" in start.reason
    (held,) = stocked.ledger.events(DOMAIN, [Kind.RETRAIN_HELD])
    assert held.payload["reason"] == start.reason
    assert stocked.ledger.events(DOMAIN, [Kind.LOOK_RESERVED, Kind.RETRAIN_STARTED, Kind.PLAN_REGISTERED]) == []
    assert start_retraining(stocked, DOMAIN, None).run_id is not None


def test_somebodys_reason_does_not_get_past_the_envelope(stocked: Place) -> None:
    crown(stocked)
    assert start_retraining(loosen(stocked), DOMAIN, "asked for by the safety board").run_id is None


def test_a_recipe_that_cannot_be_read_is_named(stocked: Place) -> None:
    crown(stocked, b"{}")
    with pytest.raises(LedgerError, match="is no recipe that this version can read"):
        rule_on_present(stocked, DOMAIN)


def test_an_unknown_domain_has_no_envelope(place: Place) -> None:
    with pytest.raises(ParamsError, match="no domain 'nosuch'"):
        rule_on_present(place, DomainName("nosuch"))
