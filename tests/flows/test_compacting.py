"""A corpus is compacted around what pins name: every version that a retraining was made from is read as it was."""

from __future__ import annotations

from deltalake import DeltaTable

from flows.compacting import compact_corpus, describe_compacted, list_pinned
from flows.places import Place
from flows.retraining import abandon_open, start_retraining
from pipelines.corpus.tables import Compacted
from pipelines.domain.identities import DropId
from tests.builders.places import DOMAIN
from tests.builders.revisions import build_revision


def test_the_versions_of_all_retrainings_are_kept_whatever_became_of_them(place: Place) -> None:
    versions = set()
    for name in ("one", "two"):
        place.corpus(DOMAIN).append(DropId(name), [build_revision(name)])
        start_retraining(place, DOMAIN, f"news of {name}")
        versions.add(place.corpus(DOMAIN).pin().version)
        abandon_open(place, DOMAIN, "a test")
    assert list_pinned(place, DOMAIN) == versions
    done = compact_corpus(place, DOMAIN)
    assert (done.merged, done.made) == (2, 1)
    for version in versions:
        assert len(DeltaTable(place.corpus(DOMAIN).uri, version=version).to_pyarrow_table()) == version


def test_what_was_done_is_said() -> None:
    assert describe_compacted(Compacted(merged=0, made=0, removed=0)) == "its files are few already: nothing to do"
    said = describe_compacted(Compacted(merged=9, made=1, removed=4))
    assert said == "9 files became 1, and 4 that no pin names are gone"
