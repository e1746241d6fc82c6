"""Evidence that an event names is there and unaltered, or verification says which event has lost what."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, Json
from pipelines.ledger.chains import Break
from pipelines.ledger.custody import Exhibit, find_losses, list_erased, list_exhibits
from pipelines.ledger.evidence import EvidenceStore
from pipelines.ledger.ledgers import Ledger
from tests.builders.ledgers import DOMAIN, open_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return open_ledger(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> EvidenceStore:
    return EvidenceStore(tmp_path / "evidence")


def judge(ledger: Ledger, run: str, evidence: dict[str, Json] | None) -> Event:
    extra: dict[str, Json] = {} if evidence is None else {"evidence": evidence}
    return ledger.append(DOMAIN, Kind.CANDIDATE_JUDGED, {"run": run, "version": 1, **extra})


def crown(ledger: Ledger, run: str, digest: Digest) -> Event:
    return ledger.append(DOMAIN, Kind.PROMOTED, {"run_id": run, "digest": digest})


def losses(ledger: Ledger, store: EvidenceStore) -> list[Break]:
    events = ledger.events(DOMAIN)
    return find_losses(store, list_exhibits(events), list_erased(events))


def spoil(store: EvidenceStore, digest: Digest) -> None:
    path = store.root / digest[:2] / digest[2:4] / digest
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def keep_model(store: EvidenceStore, folder: Path) -> Digest:
    folder.mkdir()
    (folder / "model.json").write_text("{}")
    (folder / "weights.safetensors").write_bytes(b"weights")
    return store.put_folder(folder)


def test_lists_what_events_name_by_name_and_number(ledger: Ledger, store: EvidenceStore) -> None:
    verdict, curve = store.put(b"verdict"), store.put(b"curve")
    ledger.append(DOMAIN, Kind.DROP_LANDED, {"evidence": "none that we know"})
    judge(ledger, "a", {"verdict.json": verdict, "curve.csv": curve})
    found = {(each.seq, each.name, each.digest) for each in list_exhibits(ledger.events(DOMAIN))}
    assert found == {(2, "verdict.json", verdict), (2, "curve.csv", curve)}
    assert losses(ledger, store) == []


def test_a_promotion_names_its_weights_where_evidence_was_kept(ledger: Ledger, store: EvidenceStore, tmp_path: Path) -> None:
    digest = keep_model(store, tmp_path / "model")
    judge(ledger, "early", None)
    crown(ledger, "early", Digest("0" * 64))
    judge(ledger, "late", {"verdict.json": store.put(b"verdict")})
    crown(ledger, "late", digest)
    assert Exhibit(domain=DOMAIN, seq=4, name="model", digest=digest) in list_exhibits(ledger.events(DOMAIN))
    assert losses(ledger, store) == []


def test_names_what_is_missing_and_what_is_altered(ledger: Ledger, store: EvidenceStore) -> None:
    gone, spoiled, whole = store.put(b"gone"), store.put(b"spoiled"), store.put(b"whole")
    judge(ledger, "a", {"verdict.json": gone, "curve.csv": spoiled, "pin.json": whole})
    store.erase(gone)
    spoil(store, spoiled)
    assert [(found.seq, found.problem) for found in losses(ledger, store)] == [
        (1, f"its evidence curve.csv ({spoiled[:12]}) is altered"),
        (1, f"its evidence verdict.json ({gone[:12]}) is missing"),
    ]


def test_every_event_that_stands_on_lost_evidence_is_named(ledger: Ledger, store: EvidenceStore) -> None:
    shared = store.put(b"params")
    for run in ("a", "b"):
        judge(ledger, run, {"params.yaml": shared})
    store.erase(shared)
    assert [found.seq for found in losses(ledger, store)] == [1, 2]


@pytest.mark.parametrize("name", ["model.json", "weights.safetensors"])
def test_a_file_of_a_folder_is_named_with_the_folder(ledger: Ledger, store: EvidenceStore, tmp_path: Path, name: str) -> None:
    digest = keep_model(store, tmp_path / "model")
    judge(ledger, "a", {})
    crown(ledger, "a", digest)
    (file,) = [entry.digest for entry in store.list_folder(digest) if entry.name == name]
    spoil(store, file)
    assert [found.problem for found in losses(ledger, store)] == [f"its evidence model/{name} ({file[:12]}) is altered"]


def test_a_folder_whose_list_is_lost_is_named_as_a_whole(ledger: Ledger, store: EvidenceStore, tmp_path: Path) -> None:
    digest = keep_model(store, tmp_path / "model")
    judge(ledger, "a", {"model": digest})
    store.erase(digest)
    assert [found.problem for found in losses(ledger, store)] == [f"its evidence model ({digest[:12]}) is missing"]


def test_a_file_where_a_folder_should_be_is_a_loss_and_stops_nothing(ledger: Ledger, store: EvidenceStore) -> None:
    judge(ledger, "a", {"model": store.put(b"no list"), "pin.json": Digest("0" * 64)})
    assert [found.problem.rpartition(" is ")[2] for found in losses(ledger, store)] == ["no folder's list", "missing"]


def test_what_was_erased_is_missing_by_right_and_only_that(ledger: Ledger, store: EvidenceStore) -> None:
    erased, lost = store.put(b"text"), store.put(b"more text")
    judge(ledger, "a", {"examples.json": erased, "outcomes.parquet": lost})
    ledger.append(DOMAIN, Kind.DOCUMENT_ERASED, {"erased": [erased]})
    for digest in (erased, lost):
        store.erase(digest)
    assert [found.problem for found in losses(ledger, store)] == [f"its evidence outcomes.parquet ({lost[:12]}) is missing"]


def test_what_was_erased_and_is_there_altered_is_still_named(ledger: Ledger, store: EvidenceStore) -> None:
    digest = store.put(b"text")
    judge(ledger, "a", {"examples.json": digest})
    ledger.append(DOMAIN, Kind.DOCUMENT_ERASED, {"erased": [digest]})
    spoil(store, digest)
    assert [found.seq for found in losses(ledger, store)] == [1]


@pytest.mark.parametrize("digest", ["", "not a digest", "../../../etc/passwd", 7, None])
def test_a_name_that_is_no_digest_is_named_and_stops_nothing(ledger: Ledger, store: EvidenceStore, digest: Json) -> None:
    judge(ledger, "a", {"verdict.json": digest, "pin.json": store.put(b"pin")})
    (found,) = losses(ledger, store)
    assert found.problem.endswith("is named by no digest")


@pytest.mark.parametrize("payload", [{}, {"erased": None}, {"erased": "text"}, {"erased": [3]}])
def test_an_erasure_that_names_nothing_excuses_nothing(ledger: Ledger, store: EvidenceStore, payload: dict[str, Json]) -> None:
    judge(ledger, "a", {"verdict.json": Digest("0" * 64)})
    ledger.append(DOMAIN, Kind.DOCUMENT_ERASED, payload)
    assert len(losses(ledger, store)) == 1
