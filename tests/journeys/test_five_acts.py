"""The rehearsal's five acts, asserted from what they leave: the ledger, the registry, the corpus and the runs. Never from print.

The acts are played once, by the scenes that ``make demo`` plays; every test reads the end state, or a photograph between acts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows.places import Place, open_place
from flows.scenes import (
    CLINICAL,
    DIRECTOR,
    REGULATORY,
    Scene,
    play_amendment,
    play_backlog,
    play_crude_poison,
    play_nothing,
    play_rollback,
    play_subtle_poison,
)
from flows.worktrees import Worktree, run_git
from infra.rehearsal.malformations import Flaw
from infra.rehearsal.worlds import Act, World
from pipelines.admit.quarantines import list_rows
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName, RunId, digest_bytes
from pipelines.domain.models import Lineage, Role
from pipelines.domain.pins import Pin
from pipelines.domain.revisions import Entry, Status
from pipelines.domain.scorecards import Scorecard, Slice
from pipelines.domain.verdicts import Decision, Result, Verdict
from pipelines.files import digest_folder, read_json
from pipelines.ledger.champions import anchor, champion, is_frozen
from pipelines.tables import CURATED_SCHEMA, ENTRY_SCHEMA, read_entries, read_table
from tests.builders.plays import Play, build_play

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

BOTH = (CLINICAL, REGULATORY)
every_domain = pytest.mark.parametrize("domain", BOTH)
REASONS = {
    Flaw.EMPTY_TEXT: "text has a sane length",
    Flaw.TOO_SHORT: "text has a sane length",
    Flaw.FUTURE_DATE: "published_at is sane",
    Flaw.UNDECLARED_LABEL: "label is declared",
    Flaw.DAMAGED_ENCODING: "text has no encoding damage",
    Flaw.NOT_ENGLISH: "language is expected",
}


@dataclass(frozen=True, slots=True)
class Photograph:
    """What stood when an act had ended."""

    scene: Scene
    champions: dict[DomainName, int | None]
    runs: frozenset[Path]
    lock_times: frozenset[tuple[Path, int]]
    mlflow_runs: int
    documents: frozenset[str]


@dataclass(frozen=True, slots=True)
class Told:
    """The whole play, when the curtain has fallen."""

    play: Play
    place: Place
    acts: dict[str, Photograph]

    @property
    def world(self) -> World:
        return self.play.world


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with build_play(tmp_path_factory.mktemp("play") / "rehearsal") as play:
        acts: dict[str, Photograph] = {}
        scenes = {
            "1": play_backlog,
            "2": play_amendment,
            "3": play_nothing,
            "4a": play_crude_poison,
            "4b": play_subtle_poison,
        }
        for act, scene in scenes.items():
            acts[act] = take_photograph(scene(play.world, play.out, play.progress))
        acts["5"] = take_photograph(play_rollback(play.out, play.progress))
        yield Told(play, open_place(), acts)


def take_photograph(scene: Scene) -> Photograph:
    place = open_place()
    serving = {domain: champion(place.ledger, domain) for domain in BOTH}
    runs = frozenset((place.home.root / "runs").glob("*/*/dvc.lock"))
    return Photograph(
        scene=scene,
        champions={domain: one.version if one else None for domain, one in serving.items()},
        runs=frozenset(run.parent for run in runs),
        lock_times=frozenset((run, run.stat().st_mtime_ns) for run in runs),
        mlflow_runs=sum(len(list_mlflow_runs(place, domain)) for domain in BOTH),
        documents=frozenset(entry.revision.document_id for entry in place.corpus(CLINICAL).read()),
    )


def list_mlflow_runs(place: Place, domain: DomainName) -> Sequence[str]:
    client = place.tracker.client()
    experiment = client.get_experiment_by_name(domain)
    assert experiment is not None
    return [run.info.run_id for run in client.search_runs([experiment.experiment_id])]


def find_events(told: Told, domain: DomainName, act: Act, *kinds: Kind) -> list[Event]:
    now = told.world.today(act)
    return [event for event in told.place.ledger.events(domain, kinds or None) if event.recorded_at == now]


def find_judged(told: Told, domain: DomainName, act: Act) -> Event:
    return find_events(told, domain, act, Kind.CANDIDATE_JUDGED)[0]


def open_run(told: Told, event: Event) -> Worktree:
    run_id = RunId(str(event.payload.get("run") or event.payload["run_id"]))
    return Worktree(told.place.home.run(event.domain, run_id), event.domain, run_id)


def list_promotions(told: Told) -> list[Event]:
    return [event for domain in BOTH for event in told.place.ledger.events(domain, (Kind.PROMOTED,))]


class TestFirstAct:
    @every_domain
    def test_brings_the_first_champion_which_is_the_anchor(self, told: Told, domain: DomainName) -> None:
        (promoted,) = find_events(told, domain, Act.BACKLOG, Kind.PROMOTED)
        assert told.acts["1"].champions[domain] == 1
        assert (promoted.payload["version"], promoted.payload["previous"]) == (1, None)
        frozen = anchor(told.place.ledger, domain)
        assert frozen is not None
        assert (frozen.version, frozen.digest) == (1, promoted.payload["digest"])

    @every_domain
    def test_the_first_champion_was_approved_by_name_before_it_was_promoted(self, told: Told, domain: DomainName) -> None:
        (granted,) = find_events(told, domain, Act.BACKLOG, Kind.APPROVAL_GRANTED)
        (promoted,) = find_events(told, domain, Act.BACKLOG, Kind.PROMOTED)
        assert granted.payload["by"] == promoted.payload["approved_by"] == DIRECTOR
        assert granted.seq < promoted.seq
        assert granted.payload["run"] == promoted.payload["run_id"]

    @every_domain
    def test_all_that_was_published_is_in_the_corpus(self, told: Told, domain: DomainName) -> None:
        landed = find_events(told, domain, Act.BACKLOG, Kind.DROP_LANDED)
        assert {event.payload["source"] for event in landed} == {source.name for source in told.place.of(domain).watch.sources}
        assert all(event.payload["quarantined"] == 0 for event in landed)
        news = told.world.news(Act.BACKLOG)
        published = {
            CLINICAL: (news.recalls, news.trials, news.papers),
            REGULATORY: (news.sections, news.notices, news.dockets),
        }[domain]
        assert sum(int(str(event.payload["admitted"])) for event in landed) == sum(len(part) for part in published)

    @every_domain
    def test_the_first_model_grew_out_of_no_other(self, told: Told, domain: DomainName) -> None:
        tree = open_run(told, find_judged(told, domain, Act.BACKLOG))
        assert read_json(tree.folder.model / "lineage.json", Lineage).parent is None
        assert not list(tree.folder.champion.iterdir())


class TestSecondAct:
    def test_exactly_the_malformed_rows_are_in_quarantine_each_with_its_reason(self, told: Told) -> None:
        rows = list_rows(told.place.home, CLINICAL)
        planted = {(one.source, one.document_id): REASONS[one.flaw] for one in told.world.malformed()}
        assert {(row.source, row.document_id): row.reasons[0].expectation for row in rows} == planted
        assert len(rows) == len(planted)
        assert not list_rows(told.place.home, REGULATORY)

    def test_no_malformed_row_is_in_the_corpus(self, told: Told) -> None:
        digests = {row.digest for row in list_rows(told.place.home, CLINICAL)}
        assert not digests & told.place.corpus(CLINICAL).known_digests()

    @every_domain
    def test_the_second_version_is_promoted_over_the_first(self, told: Told, domain: DomainName) -> None:
        (promoted,) = find_events(told, domain, Act.AMENDMENT, Kind.PROMOTED)
        assert (promoted.payload["version"], promoted.payload["previous"]) == (2, 1)
        assert promoted.payload["approved_by"] is None
        assert told.acts["2"].champions[domain] == 2

    @every_domain
    def test_it_was_judged_beside_the_champion_and_the_anchor_of_the_first_act(self, told: Told, domain: DomainName) -> None:
        first = champion_digest(told, domain, Act.BACKLOG)
        tree = open_run(told, find_judged(told, domain, Act.AMENDMENT))
        pin = read_json(tree.folder.pin, Pin)
        assert pin.champion is not None
        assert pin.anchor is not None
        assert pin.champion.digest == pin.anchor.digest == first
        assert digest_folder(tree.folder.champion) == digest_folder(tree.folder.anchor) == first

    def test_the_language_model_grew_out_of_the_first_version(self, told: Told) -> None:
        tree = open_run(told, find_judged(told, REGULATORY, Act.AMENDMENT))
        assert read_json(tree.folder.model / "lineage.json", Lineage).parent == champion_digest(told, REGULATORY, Act.BACKLOG)
        report = json.loads((tree.folder.training / "report.json").read_text(encoding="utf-8"))
        assert report["is_warm"] is True
        assert 0 < report["replayed"] <= report["history"]
        assert report["news"] < report["history"]

    def test_the_linear_model_was_refitted_on_everything_as_it_always_is(self, told: Told) -> None:
        tree = open_run(told, find_judged(told, CLINICAL, Act.AMENDMENT))
        assert read_json(tree.folder.model / "lineage.json", Lineage).parent is None

    def test_the_retracted_paper_is_retracted_in_the_snapshot_and_taught_to_nobody(self, told: Told) -> None:
        paper = told.world.retraction().paper
        before, after = (open_run(told, find_judged(told, CLINICAL, act)) for act in (Act.BACKLOG, Act.AMENDMENT))
        assert find_statuses(before, paper) == {Status.ACTIVE}
        assert find_statuses(after, paper) == {Status.RETRACTED}
        assert paper in list_split_documents(before)
        assert paper not in list_split_documents(after)
        retired = {entry.digest for entry in read_snapshot(after) if entry.revision.document_id == paper}
        seen = [set(read_json(tree.folder.model / "seen.json", tuple[Digest, ...])) for tree in (before, after)]
        assert not retired & seen[1]

    def test_the_act_tells_which_models_saw_the_retracted_paper(self, told: Told) -> None:
        asked = f"addendum impact {told.world.retraction().paper} "
        (line,) = [sentence for sentence in told.acts["2"].scene.sentences if asked in sentence]
        first, second = line.partition("→")[2].split(";", 1)
        assert "version 1 learned from it" in first or "version 1 was asked about it" in first
        assert second.strip() == "version 2 neither, though it stood in its corpus (serves now)"

    @every_domain
    def test_it_knows_what_was_amended_better_than_the_champion_did(self, told: Told, domain: DomainName) -> None:
        tree = open_run(told, find_judged(told, domain, Act.AMENDMENT))
        scores = read_json(tree.folder.scores / "scorecard.json", Scorecard).scores
        currency = {score.role: score.value for score in scores if (score.slice, score.metric) == (Slice.CURRENCY, "currency")}
        assert currency[Role.CANDIDATE] > currency[Role.CHAMPION] + 0.3


class TestThirdAct:
    @every_domain
    def test_holds_and_says_why_in_the_ledger(self, told: Told, domain: DomainName) -> None:
        (event,) = find_events(told, domain, Act.NOTHING)
        assert event.kind is Kind.RETRAIN_HELD
        assert event.payload["reason"] == "nothing new since version 2"

    def test_no_stage_ran_and_no_run_was_made(self, told: Told) -> None:
        before, after = told.acts["2"], told.acts["3"]
        assert after.runs == before.runs
        assert after.lock_times == before.lock_times
        assert after.mlflow_runs == before.mlflow_runs
        assert not after.scene.runs
        assert after.champions == before.champions


class TestFourthAct:
    def test_the_crude_poison_is_refused_as_a_whole_and_nothing_else_happens(self, told: Told) -> None:
        events = find_events(told, CLINICAL, Act.CRUDE_POISON)
        assert events[0].kind is Kind.DROP_REFUSED
        assert {event.kind for event in events} <= {Kind.DROP_REFUSED, Kind.RETRAIN_HELD}
        refused = events[0].payload
        assert (refused["admitted"], refused["ingest_seq"]) == (0, None)
        assert "no label dominates" in str(refused["reasons"])
        assert refused["rows"] == len(told.world.news(Act.CRUDE_POISON).recalls)

    def test_no_row_of_the_crude_poison_ever_reaches_the_corpus(self, told: Told) -> None:
        crude = {recall.recall_number for recall in told.world.news(Act.CRUDE_POISON).recalls}
        assert all(not crude & photograph.documents for photograph in told.acts.values())

    def test_the_subtle_poison_passes_admission_and_is_refused_by_the_gate(self, told: Told) -> None:
        (landed,) = find_events(told, CLINICAL, Act.SUBTLE_POISON, Kind.DROP_LANDED)
        assert landed.payload["admitted"] == len(told.world.news(Act.SUBTLE_POISON).recalls)
        judged = find_judged(told, CLINICAL, Act.SUBTLE_POISON)
        assert (judged.payload["decision"], judged.payload["against"]) == (Decision.REFUSE, 2)
        verdict = read_json(open_run(told, judged).folder.verdict / "verdict.json", Verdict)
        failed = [finding for finding in verdict.findings if finding.result is Result.FAILED and finding.is_blocking]
        assert failed
        assert {finding.metric for finding in failed} == {"accuracy"}
        assert all(finding.estimate is not None and finding.rows for finding in failed)

    def test_the_champion_stays_where_it_is(self, told: Told) -> None:
        assert told.acts["4a"].champions == told.acts["4b"].champions == told.acts["2"].champions
        assert not find_events(told, CLINICAL, Act.SUBTLE_POISON, Kind.PROMOTED, Kind.APPROVAL_GRANTED)

    def test_the_poisonous_drop_is_out_of_the_corpuss_present_and_in_its_history(self, told: Told) -> None:
        (landed,) = find_events(told, CLINICAL, Act.SUBTLE_POISON, Kind.DROP_LANDED)
        (withdrawn,) = find_events(told, CLINICAL, Act.SUBTLE_POISON, Kind.DROP_WITHDRAWN)
        assert withdrawn.payload["drop"] == landed.payload["drop"]
        poison = {recall.recall_number for recall in told.world.news(Act.SUBTLE_POISON).recalls}
        corpus = told.place.corpus(CLINICAL)
        assert not poison & {entry.revision.document_id for entry in corpus.read()}
        pinned = read_json(open_run(told, find_judged(told, CLINICAL, Act.SUBTLE_POISON)).folder.pin, Pin)
        assert poison <= {entry.revision.document_id for entry in corpus.read(pinned.corpus)}

    def test_with_the_drop_gone_there_is_nothing_to_retrain_for(self, told: Told) -> None:
        events = find_events(told, CLINICAL, Act.SUBTLE_POISON)
        after = [event for event in events if event.seq > max(one.seq for one in events if one.kind is Kind.DROP_WITHDRAWN)]
        assert after[0].kind is Kind.RETRAIN_HELD
        assert not [event for event in after if event.kind in {Kind.RETRAIN_STARTED, Kind.LOOK_RESERVED}]


class TestFifthAct:
    def test_rolls_back_freezes_thaws_and_goes_forward_again_in_this_order(self, told: Told) -> None:
        wanted = (Kind.ROLLED_BACK, Kind.FROZEN, Kind.UNFROZEN, Kind.RESTORED)
        events = told.place.ledger.events(CLINICAL, wanted)
        assert [event.kind for event in events] == list(wanted)
        assert (events[0].payload["from"], events[0].payload["version"]) == (2, 1)
        assert (events[3].payload["from"], events[3].payload["version"]) == (1, 2)
        assert events[3].payload["approved_by"] == DIRECTOR

    def test_takes_less_than_ten_seconds_there_and_back(self, told: Told) -> None:
        assert told.acts["5"].scene.seconds < 10

    def test_ends_with_the_second_version_serving_and_promotion_open(self, told: Told) -> None:
        assert told.acts["5"].champions == told.acts["2"].champions
        assert not is_frozen(told.place.ledger, CLINICAL)

    def test_costs_no_look_at_the_holdout(self, told: Told) -> None:
        looks = told.place.ledger.events(CLINICAL, (Kind.LOOK_RESERVED,))
        assert [event.payload["t"] for event in looks] == [1, 2, 3]
        assert max(event.seq for event in looks) < told.place.ledger.events(CLINICAL, (Kind.ROLLED_BACK,))[0].seq


class TestTheRecord:
    @every_domain
    def test_every_chain_verifies(self, told: Told, domain: DomainName) -> None:
        ledger = told.place.ledger
        assert ledger.verify(domain, ledger.head(domain)) == []

    @every_domain
    def test_holds_no_text_of_any_document(self, told: Told, domain: DomainName) -> None:
        record = json.dumps([dict(event.payload) for event in told.place.ledger.events(domain)], default=str)
        beginnings = {entry.revision.text[:40] for entry in told.place.corpus(domain).read()} - {""}
        assert beginnings
        assert not [beginning for beginning in beginnings if beginning in record]

    def test_the_registrys_aliases_are_what_the_ledger_says(self, told: Told) -> None:
        registry = told.place.registry
        refused = find_judged(told, CLINICAL, Act.SUBTLE_POISON).payload["version"]
        assert registry.aliases(CLINICAL) == {"champion": 2, "previous": 1, "challenger": refused}
        assert registry.aliases(REGULATORY) == {"champion": 2, "previous": 1}

    def test_nobody_but_us_moved_an_alias(self, told: Told) -> None:
        assert not [event for domain in BOTH for event in told.place.ledger.events(domain, (Kind.ALIAS_REPAIRED,))]

    def test_the_registry_holds_the_very_models_that_were_promoted(self, told: Told) -> None:
        for promoted in list_promotions(told):
            tree = open_run(told, promoted)
            assert digest_folder(tree.folder.model) == promoted.payload["digest"]
            known = told.place.registry.find(promoted.domain, Digest(str(promoted.payload["digest"])))
            assert known is not None
            assert known.version == promoted.payload["version"]

    @every_domain
    def test_the_champions_branch_is_its_runs_commit_and_carries_pin_and_lock(self, told: Told, domain: DomainName) -> None:
        serving = champion(told.place.ledger, domain)
        assert serving is not None
        workspace = told.play.stage.workspace
        branch = f"addendum/champion/{domain}"
        assert run_git(workspace, "rev-parse", branch) == run_git(workspace, "rev-parse", f"addendum/run/{serving.run_id}")
        assert set(run_git(workspace, "diff", "--name-only", "main", branch).split()) == {"dvc.lock", f"data/{domain}/pin.json"}
        assert run_git(workspace, "status", "--porcelain") == ""
        assert run_git(workspace, "symbolic-ref", "--short", "HEAD") == "main"


class TestWhatMlflowShows:
    def test_one_run_a_retraining_and_no_other(self, told: Told) -> None:
        for domain in BOTH:
            started = {event.payload["run"] for event in told.place.ledger.events(domain, (Kind.RETRAIN_STARTED,))}
            assert len(list_mlflow_runs(told.place, domain)) == len(started)

    def test_each_promotion_has_its_curve_params_datasets_and_papers(self, told: Told) -> None:
        client = told.place.tracker.client()
        for promoted in list_promotions(told):
            (registered,) = [
                event
                for event in told.place.ledger.events(promoted.domain, (Kind.CANDIDATE_REGISTERED,))
                if event.payload["version"] == promoted.payload["version"]
            ]
            run = client.get_run(str(registered.payload["mlflow_run"]))
            tree = open_run(told, promoted)
            assert run.info.status == "FINISHED"
            assert client.get_metric_history(run.info.run_id, "train.loss")
            assert {"candidate.holdout.accuracy", "candidate.holdout.bits_per_byte"} & set(run.data.metrics)
            assert run.data.params["train.learner.kind"] == told.place.of(promoted.domain).train.learner.kind
            datasets = {one.dataset.name: one.dataset.digest for one in run.inputs.dataset_inputs}
            splits = {
                name: digest_bytes((tree.folder.splits / f"{name}.parquet").read_bytes())[:36]
                for name in ("train", "dev", "holdout", "anchor")
            }
            pin = read_json(tree.folder.pin, Pin)
            assert datasets == {**splits, f"{promoted.domain} corpus": pin.corpus.manifest_digest[:36]}
            attached = {Path(file.path).name for file in client.list_artifacts(run.info.run_id, "run")}
            assert attached == {"pin.json", "dvc.lock", "scorecard.json", "verdict.json", "curve.csv", "card.json"}
            moved = {name for name in run.data.metrics if name.startswith("drift.")}
            compared = {f"drift.{name}" for name in ("source", "year", "label", "licence")}
            assert moved == (compared if pin.champion is not None else set())
            verdict = Path(client.download_artifacts(run.info.run_id, "run/verdict.json", str(told.play.stage.folder)))
            assert digest_bytes(verdict.read_bytes()) == promoted.payload["verdict"]


def champion_digest(told: Told, domain: DomainName, act: Act) -> str:
    (promoted,) = find_events(told, domain, act, Kind.PROMOTED)
    return str(promoted.payload["digest"])


def read_snapshot(tree: Worktree) -> list[Entry]:
    return read_entries(read_table(tree.folder.snapshot / "revisions.parquet", ENTRY_SCHEMA))


def find_statuses(tree: Worktree, document: str) -> set[Status]:
    return {entry.revision.status for entry in read_snapshot(tree) if entry.revision.document_id == document}


def list_split_documents(tree: Worktree) -> set[str]:
    names = ("train", "dev", "holdout", "anchor")
    tables = [read_table(tree.folder.splits / f"{name}.parquet", CURATED_SCHEMA) for name in names]
    return {document for table in tables for document in table.column("document_id").to_pylist()}
