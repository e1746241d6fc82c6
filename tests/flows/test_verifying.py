"""The record of an installation stands up, or everything that is wrong with it is named at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from flows.places import Place, find_heads
from flows.promoting import Approval, promote_latest, roll_back_domain
from flows.verifying import Verification, verify_place
from pipelines.clock import SetClock
from pipelines.domain.errors import ParamsError
from pipelines.domain.events import Kind
from pipelines.domain.identities import Digest, DomainName
from pipelines.ledger.chains import Row
from pipelines.ledger.ledgers import Ledger
from tests.builders.ledgers import START
from tests.builders.places import DOMAIN, Shared, build_place, judge_candidate
from tests.builders.tampering import Tamperer

YES = Approval(by="R. Okafor", reason="reviewed")


@pytest.fixture(scope="module")
def told(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Two promotions, evidence of a verdict, and what followed; made once, and copied by every test."""
    place = build_place(shared, tmp_path_factory.mktemp("told"))
    for version, against in ((1, None), (2, 1)):
        judge_candidate(place, f"run-{version}", against=against)
        promote_latest(place, DOMAIN, YES)
    place.ledger.append(DOMAIN, Kind.CANDIDATE_REGISTERED, {"run": "x", "evidence": {"pin.json": place.evidence.put(b"pin")}})
    return place


@pytest.fixture
def place(told: Place, shared: Shared, tmp_path: Path, ledger_url: str) -> Place:
    """A copy of it, on each database."""
    shutil.copytree(told.home.root, tmp_path / "home")
    copied = build_place(shared, tmp_path)
    settings = copied.settings.model_copy(update={"ledger_url": ledger_url})
    ledger = Ledger.open(ledger_url, SetClock(START), settings.actor, find_heads(settings))
    tamperer = Tamperer(ledger_url)
    tamperer.unguard()
    tamperer.put_back(Tamperer(told.settings.ledger_address).rows())
    ledger.restore_guards()
    return replace(copied, settings=settings, ledger=ledger)


@pytest.fixture
def tamperer(place: Place) -> Tamperer:
    return Tamperer(place.settings.ledger_address)


def problems(place: Place, domain: DomainName | None = None) -> list[tuple[str, int, str]]:
    return [(found.domain, found.seq, found.problem) for found in verify_place(place, domain).problems]


def length_of(place: Place) -> int:
    return len(place.ledger.events(DOMAIN))


def test_a_record_as_written_is_all_well_and_its_parts_are_counted(place: Place) -> None:
    found, (key,) = verify_place(place), find_heads(place.settings).keys.read_publics()
    length = length_of(place)
    assert found == Verification(problems=(), domains=1, events=length, heads=length, keys=(key,), evidence=1, aliases=3)
    assert verify_place(place, DOMAIN) == found


def test_an_unknown_domain_is_refused_and_one_that_left_the_params_is_not(place: Place) -> None:
    with pytest.raises(ParamsError, match="no domain 'dental'"):
        verify_place(place, DomainName("dental"))
    place.ledger.append(DomainName("dental"), Kind.DROP_LANDED, {})
    assert verify_place(place, DomainName("dental")).events == 1


@pytest.mark.slow
def test_every_row_edited_removed_or_swapped_is_reported(place: Place, tamperer: Tamperer) -> None:
    tamperer.unguard()
    whole, length = tamperer.rows(), length_of(place)
    place.ledger.restore_guards()
    deeds: list[Callable[[int], str]] = [
        lambda seq: f"UPDATE events SET actor = 'somebody else' WHERE seq = {seq}",  # noqa: S608  # a number of ours
        lambda seq: f"DELETE FROM events WHERE seq = {seq}",  # noqa: S608  # as above
        lambda seq: f"UPDATE events SET seq = CASE seq WHEN {seq} THEN -1 ELSE {seq} END WHERE seq IN ({seq}, -1)",  # noqa: S608
    ]
    for seq in range(1, length + 1):
        for deed in deeds:
            tamperer.unguard()
            tamperer.execute(deed(seq))
            place.ledger.restore_guards()
            assert seq in {found for _, found, _ in problems(place)}
            tamperer.unguard()
            tamperer.put_back(whole)
    place.ledger.restore_guards()
    assert problems(place) == []


def test_a_cut_tail_and_an_older_copy_are_reported(place: Place, tamperer: Tamperer) -> None:
    older, end = tamperer.rows(), length_of(place)
    roll_back_domain(place, DOMAIN, "bad")
    tamperer.unguard()
    tamperer.put_back(older)
    place.ledger.restore_guards()
    found = problems(place)
    cut = f"the chain ends at event {end}, but the head of event {length_of(place) + 2} was signed: its tail was cut off"
    assert (DOMAIN, end + 1, cut) in found
    assert any("the alias champion in MLflow" in problem for _, _, problem in found)


def test_an_emptied_ledger_is_reported_by_its_signed_heads(place: Place, tamperer: Tamperer) -> None:
    place.ledger.append(DomainName("dental"), Kind.DROP_LANDED, {})
    tamperer.unguard()
    tamperer.put_back([])
    place.ledger.restore_guards()
    assert {(domain, seq) for domain, seq, _ in problems(place)} == {(DOMAIN, 1), ("dental", 1)}


@pytest.mark.parametrize("moment", ["before the mirror", "before the rows"])
def test_what_is_written_while_it_is_read_is_no_problem(place: Place, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """A rollback between two readings: what was read before it is behind, and what is read after it ahead."""
    read, looks = Ledger.rows, list[int]()

    def read_late(self: Ledger, domain: DomainName) -> list[Row]:
        before = read(self, domain)
        looks.append(len(looks))
        if len(looks) == 1 and moment == "before the mirror":
            roll_back_domain(place, DOMAIN, "bad")
        if len(looks) == 2 and moment == "before the rows":
            roll_back_domain(place, DOMAIN, "bad")
            return read(self, domain)
        return before

    monkeypatch.setattr(Ledger, "rows", read_late)
    assert problems(place) == []
    assert len(looks) > 1
    monkeypatch.undo()
    assert problems(place) == []


def test_heads_that_are_noted_after_the_rows_were_read_are_no_cut_tail(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    read, looks = Ledger.rows, list[int]()

    def read_and_go_on(self: Ledger, domain: DomainName) -> list[Row]:
        rows = read(self, domain)
        looks.append(len(rows))
        place.ledger.append(domain, Kind.RETRAIN_HELD, {"reason": "nothing new"})
        return rows

    monkeypatch.setattr(Ledger, "rows", read_and_go_on)
    assert problems(place) == []
    assert looks


def test_missing_guards_are_reported_until_they_are_put_back(place: Place, tamperer: Tamperer) -> None:
    tamperer.unguard()
    found = problems(place)
    assert found
    assert {(domain, seq) for domain, seq, _ in found} == {("all domains", 0)}
    place.ledger.restore_guards()
    assert problems(place) == []


def test_evidence_that_was_altered_lost_or_erased(place: Place) -> None:
    digest = place.evidence.put(b"pin")
    path = place.home.evidence / digest[:2] / digest[2:4] / digest
    path.chmod(0o644)
    path.write_bytes(b"pin!")
    at = length_of(place)
    assert problems(place) == [(DOMAIN, at, f"its evidence pin.json ({digest[:12]}) is altered")]
    path.unlink()
    assert problems(place) == [(DOMAIN, at, f"its evidence pin.json ({digest[:12]}) is missing")]
    place.ledger.append(DOMAIN, Kind.DOCUMENT_ERASED, {"erased": [digest]})
    assert problems(place) == []


def test_an_erasure_recorded_in_another_domain_counts_too(place: Place) -> None:
    digest = place.evidence.put(b"pin")
    place.evidence.erase(digest)
    place.ledger.append(DomainName("dental"), Kind.DOCUMENT_ERASED, {"erased": [digest]})
    assert problems(place, DOMAIN) == []


@pytest.mark.parametrize("alias", ["champion", "previous"])
def test_an_alias_that_was_moved_or_taken_away_by_hand_is_named(place: Place, alias: str) -> None:
    client, right = place.registry.client(), place.registry.aliases(DOMAIN)[alias]
    client.set_registered_model_alias(DOMAIN, alias, str(3 - right))
    (found,) = problems(place)
    assert f"the alias {alias} in MLflow is the model" in found[2]
    client.delete_registered_model_alias(DOMAIN, alias)
    assert f"the alias {alias} in MLflow is not set, the ledger says the model" in problems(place)[0][2]
    client.set_registered_model_alias(DOMAIN, alias, str(right))
    assert problems(place) == []


def test_a_challenger_may_lag_behind_but_not_be_moved_by_hand(place: Place) -> None:
    judge_candidate(place, "run-3", against=2)
    assert problems(place) == []
    promote_latest(place, DOMAIN, YES)
    place.registry.client().set_registered_model_alias(DOMAIN, "challenger", "1")
    assert "the alias challenger in MLflow is the model" in problems(place)[0][2]


def test_an_mlflow_that_does_not_answer_is_named_and_stops_nothing(place: Place, tamperer: Tamperer) -> None:
    silent = replace(place, settings=place.settings.model_copy(update={"mlflow_uri": "http://127.0.0.1:9"}))
    (found,) = problems(silent)
    assert found[2] == "MLflow does not answer: its aliases were not compared"


def test_a_log_of_heads_that_was_altered_is_named(place: Place) -> None:
    log = place.home.heads / f"{DOMAIN}.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text(lines[0].replace('"seq":1', '"seq":2') + "".join(lines[1:]))
    assert problems(place) == [
        (DOMAIN, 2, "line 1 of the log of signed heads has a signature that is not its key's"),
    ]


def test_a_copy_of_the_heads_shows_what_the_home_no_longer_can(place: Place, tamperer: Tamperer, tmp_path: Path) -> None:
    """Somebody put back both the database and the log beside it: only a copy kept elsewhere knows."""
    older, log = tamperer.rows(), place.home.heads / f"{DOMAIN}.jsonl"
    noted, end = log.read_bytes(), length_of(place)
    place.ledger.append(DOMAIN, Kind.RETRAIN_HELD, {"reason": "nothing new"})
    copy = shutil.copytree(place.home.heads, tmp_path / "kept")
    log.write_bytes(noted)
    tamperer.unguard()
    tamperer.put_back(older)
    place.ledger.restore_guards()
    assert problems(place) == []
    (found,) = verify_place(place, copy=copy).problems
    assert (found.seq, "tail was cut off" in found.problem) == (end + 1, True)


def test_a_chain_that_tells_no_champion_is_named_and_stops_nothing(place: Place) -> None:
    place.ledger.append(DOMAIN, Kind.PROMOTED, {"version": 9})
    assert problems(place) == [(DOMAIN, length_of(place), "who serves cannot be read from this chain")]


def test_verifying_changes_nothing(place: Place, tamperer: Tamperer) -> None:
    def state() -> tuple[object, ...]:
        files = sorted(path for path in place.home.root.rglob("*") if path.is_file() and path.parent.name != "mlflow")
        return tamperer.rows(), [(path, path.read_bytes()) for path in files], place.registry.aliases(DOMAIN)

    before = state()
    verify_place(place)
    verify_place(place)
    assert state() == before


def test_a_name_that_is_no_text_is_named_and_stops_nothing(place: Place, tamperer: Tamperer) -> None:
    if not place.settings.ledger_address.startswith("sqlite"):
        pytest.skip("PostgreSQL keeps nothing but text")
    tamperer.unguard()
    tamperer.execute("UPDATE events SET domain = CAST(X'ff6c' AS TEXT) WHERE seq = 1")
    place.ledger.restore_guards()
    found = {(seq, problem.partition(":")[0]) for _, seq, problem in problems(place)}
    assert {(0, "rows stand under a name that is no text"), (1, "event 1 is missing")} <= found


def test_weights_of_a_promotion_are_looked_for_where_its_verdict_kept_evidence(place: Place) -> None:
    payload = {"run": "run-9", "version": 9, "digest": "d" * 64, "evidence": {}}
    place.ledger.append(DOMAIN, Kind.CANDIDATE_JUDGED, payload)
    place.ledger.append(DOMAIN, Kind.PROMOTED, {"run_id": "run-9", "version": 9, "digest": Digest("d" * 64), "ingest_seq": 1})
    assert (DOMAIN, length_of(place), f"its evidence model ({'d' * 12}) is missing") in problems(place)
