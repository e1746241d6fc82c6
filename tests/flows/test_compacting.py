"""A corpus is compacted beside everything else: no pin loses its rows, no run its version, and no verdict is asked for again."""

from __future__ import annotations

import os
import time
from pathlib import Path

from deltalake import DeltaTable

from flows.compacting import (
    DAY_S,
    GIVEN_UP_DAYS,
    compact_corpus,
    describe_compacted,
    list_pinned,
    remove_attempts,
    tidy_domain,
)
from flows.pinning import pin_domain
from flows.places import Place
from flows.retraining import abandon_open, start_retraining
from pipelines.corpus.tables import Compacted
from pipelines.domain.events import Kind
from pipelines.domain.identities import DropId
from tests.builders.places import DOMAIN
from tests.builders.revisions import build_revision


def stock(place: Place, *names: str) -> None:
    for name in names:
        place.corpus(DOMAIN).append(DropId(name), [build_revision(name)])


def test_the_version_that_an_open_retraining_reads_is_kept_and_no_other(place: Place) -> None:
    stock(place, "one")
    start_retraining(place, DOMAIN, "news of one")
    version = place.corpus(DOMAIN).pin().version
    stock(place, "two")
    assert list_pinned(place, DOMAIN) == {version}
    assert compact_corpus(place, DOMAIN).merged == 2
    assert len(DeltaTable(place.corpus(DOMAIN).uri, version=version).to_pyarrow_table()) == 1
    abandon_open(place, DOMAIN, "a test")
    assert list_pinned(place, DOMAIN) == frozenset()


def test_a_run_is_the_same_run_and_its_look_the_same_look_after_a_compaction(place: Place) -> None:
    stock(place, "one", "two")
    before = pin_domain(place, DOMAIN, "before", with_look=True)
    looks = len(place.ledger.events(DOMAIN, [Kind.LOOK_RESERVED]))
    assert compact_corpus(place, DOMAIN).merged == 2
    after = pin_domain(place, DOMAIN, "after", with_look=True)
    assert after.corpus.version != before.corpus.version
    assert (after.run_id, after.look) == (before.run_id, before.look)
    assert len(place.ledger.events(DOMAIN, [Kind.LOOK_RESERVED])) == looks


def test_what_was_done_is_said() -> None:
    assert describe_compacted(Compacted(merged=0, made=0, removed=0)) == "its files are few already: nothing to do"
    said = describe_compacted(Compacted(merged=9, made=1, removed=4))
    assert said == "9 files became 1, and 4 that nobody reads any more are gone"


def lay_attempt(place: Place, name: str, age_days: float) -> Path:
    """A training that was left ``age_days`` ago."""
    file = place.home.checkpoints / name / "step-000000001" / "checkpoint.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}", encoding="utf-8")
    then = time.time() - age_days * DAY_S
    for path in (file, *file.parents[:2]):
        os.utime(path, (then, then))
    return file


def test_trainings_that_were_given_up_leave_nothing_and_others_go_on(place: Place) -> None:
    stock(place, "one")
    old, young, at_work = (lay_attempt(place, name, GIVEN_UP_DAYS + 1) for name in ("old", "young", "at work"))
    os.utime(young.parents[1])
    os.utime(at_work)
    assert tidy_domain(place, DOMAIN).endswith("; trainings of any domain that were given up, and whose checkpoints are gone: 1")
    assert not old.parents[1].exists()
    assert young.exists()
    assert at_work.exists()
    assert "given up" not in tidy_domain(place, DOMAIN)


def test_a_home_in_which_nothing_was_ever_trained_has_nothing_to_remove(tmp_path: Path) -> None:
    assert remove_attempts(tmp_path / "checkpoints", time.time()) == 0
