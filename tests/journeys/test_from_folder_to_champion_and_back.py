"""The whole loop on a folder of files and the plainest learner: watch, retrain, promote, again, roll back, restore.

Played once, by the flows; every test reads what it left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows.dossiers import write_dossier
from flows.landing import Landing
from flows.places import Place
from flows.promoting import Approval, restore_version
from flows.retrain import Retraining, retrain
from flows.rollback import rollback
from flows.watch import watch
from flows.worktrees import run_git
from pipelines.catalog import StageName
from pipelines.domain.events import Kind
from pipelines.domain.identities import DomainName
from pipelines.domain.models import Champion
from pipelines.domain.verdicts import Decision
from pipelines.ledger.champions import champion, is_frozen, unfreeze
from pipelines.promote.dossier.building import build_facts
from pipelines.promote.dossier.exhibits import Missing
from tests.builders.installations import Installation, build_installation, build_records
from tests.builders.news import build_news
from tests.builders.plays import serve_prefect

DOMAIN = DomainName("clinical")
REVIEWER = "R. Okafor"
pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True, slots=True)
class Journey:
    """What each step returned, and where it all lies."""

    installation: Installation
    place: Place
    landings: tuple[list[Landing], ...]
    retrainings: tuple[Retraining, ...]
    rolled_back: Champion
    frozen: bool
    aliases_when_rolled_back: dict[str, int]
    restored: Champion


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    root = tmp_path_factory.mktemp("journey")
    with build_installation(root) as installation, serve_prefect():
        installation.drop("first", build_records(120))
        landings, retrainings = [watch(DOMAIN)], [retrain(DOMAIN, approved_by=REVIEWER)]
        landings.append(watch(DOMAIN))
        retrainings.append(retrain(DOMAIN))
        installation.drop("second", build_news(120, first=120))
        landings.append(watch(DOMAIN))
        retrainings.append(retrain(DOMAIN))
        place = installation.place()
        rolled_back = rollback(DOMAIN, "a rehearsed rollback")
        frozen, aliases = is_frozen(place.ledger, DOMAIN), place.registry.aliases(DOMAIN)
        unfreeze(place.ledger, DOMAIN, "the cause was found")
        restored = restore_version(place, DOMAIN, 2, Approval(by=REVIEWER, reason="a false alarm"))
        yield Journey(installation, place, tuple(landings), tuple(retrainings), rolled_back, frozen, aliases, restored)


def kinds(journey: Journey) -> list[Kind]:
    return [event.kind for event in journey.place.ledger.events(DOMAIN)]


def test_every_step_of_the_loop_is_in_the_ledger_in_its_order(journey: Journey) -> None:
    first = [
        Kind.DROP_LANDED,
        Kind.PLAN_REGISTERED,
        Kind.LOOK_RESERVED,
        Kind.RETRAIN_STARTED,
        Kind.CANDIDATE_REGISTERED,
        Kind.CANDIDATE_JUDGED,
        Kind.RETRAIN_ENDED,
        Kind.APPROVAL_GRANTED,
        Kind.PROMOTED,
    ]
    second = [kind for kind in first if kind not in {Kind.PLAN_REGISTERED, Kind.APPROVAL_GRANTED}]
    back = [Kind.ROLLED_BACK, Kind.FROZEN, Kind.UNFROZEN, Kind.RESTORED]
    assert kinds(journey) == [*first, Kind.RETRAIN_HELD, *second, *back]


def test_the_chain_verifies(journey: Journey) -> None:
    ledger = journey.place.ledger
    assert ledger.verify(DOMAIN, ledger.head(DOMAIN)) == []


def test_a_look_at_a_folder_without_news_lets_nothing_in(journey: Journey) -> None:
    assert [[landing.admitted for landing in landings] for landings in journey.landings] == [[120], [0], [120]]


def test_a_second_call_without_news_holds_and_runs_nothing(journey: Journey) -> None:
    held = journey.retrainings[1]
    assert held.run_id is None
    assert held.stages == ()


def test_each_retraining_ran_every_stage_once_and_none_from_the_cache(journey: Journey) -> None:
    for done in (journey.retrainings[0], journey.retrainings[2]):
        assert [run.stage for run in done.stages] == list(StageName)
        assert not any(run.is_cached for run in done.stages)


def test_the_second_model_is_promoted_because_it_knows_the_news(journey: Journey) -> None:
    conclusion = journey.retrainings[2].conclusion
    assert conclusion is not None
    assert (conclusion.version, conclusion.decision) == (2, Decision.PROMOTE)
    assert "freshness" in conclusion.sentence


def test_a_rollback_gives_the_first_version_back_and_freezes_promotion(journey: Journey) -> None:
    assert journey.rolled_back.version == 1
    assert journey.frozen
    assert journey.aliases_when_rolled_back["champion"] == 1


def test_a_restoration_goes_forward_again_to_the_same_bytes(journey: Journey) -> None:
    serving = champion(journey.place.ledger, DOMAIN)
    assert serving is not None
    (promoted,) = [event for event in journey.place.ledger.events(DOMAIN, (Kind.PROMOTED,)) if event.payload["version"] == 2]
    assert serving.digest == journey.restored.digest == promoted.payload["digest"]
    assert not is_frozen(journey.place.ledger, DOMAIN)
    assert journey.place.registry.aliases(DOMAIN) == {"champion": 2, "previous": 1}


def test_the_champions_branch_follows_there_and_back(journey: Journey) -> None:
    workspace = journey.installation.workspace
    run = f"addendum/run/{journey.retrainings[2].run_id}"
    assert run_git(workspace, "rev-parse", f"addendum/champion/{DOMAIN}") == run_git(workspace, "rev-parse", run)


def test_every_version_has_a_dossier_that_is_made_again_byte_for_byte(journey: Journey) -> None:
    for version in (1, 2):
        page = journey.place.home.dossiers / DOMAIN / f"{version}.html"
        assert page.is_file()
        write_dossier(journey.place, DOMAIN, version)
        before = page.read_bytes()
        page.unlink()
        assert write_dossier(journey.place, DOMAIN, version).page.read_bytes() == before


def test_the_second_dossier_tells_what_was_new_and_from_whom(journey: Journey) -> None:
    facts = build_facts(journey.place.ledger.events(DOMAIN), journey.place.evidence, 2)
    assert not isinstance(facts.changes.changes, Missing)
    assert facts.changes.changes.moved["new"].documents == 120
    assert facts.changes.since_version == 1
    assert [reign.how for reign in facts.standing.reigns] == ["promoted", "restored"]
    assert not isinstance(facts.learning.champion_curve, Missing)


def test_the_users_own_checkout_is_untouched(journey: Journey) -> None:
    workspace = journey.installation.workspace
    assert run_git(workspace, "status", "--porcelain") == ""
    assert run_git(workspace, "log", "--oneline").count("\n") == 0
    assert not (workspace / "data").exists()


def test_all_state_lies_under_the_home_and_nothing_beside_it(journey: Journey) -> None:
    root: Path = journey.installation.root
    assert {path.name for path in root.iterdir()} == {"home", "inbox", "workspace"}
