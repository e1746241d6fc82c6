"""One source that fails stops itself and no other; and a whole retraining as a flow ends with a promoted champion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from flows.places import open_place
from flows.promoting import PromotionOutcome
from flows.worktrees import run_git
from pipelines.catalog import StageName
from pipelines.domain.errors import SourceError, StageError
from pipelines.domain.events import Kind
from pipelines.ledger.champions import champion
from pipelines.ledger.retrainings import open_retraining
from tests.builders.installations import Installation, build_installation, build_params, build_records
from tests.builders.places import DOMAIN
from tests.builders.revisions import build_revision
from tests.builders.shelves import write_lines

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, prefect_server: None) -> Iterator[Installation]:
    root = tmp_path_factory.mktemp("watched")
    sources: list[dict[str, Any]] = [
        {"kind": "folder", "label": "gone", "path": str(root / "gone")},
        {"kind": "folder", "path": str(root / "inbox"), "may_be_empty": True},
    ]
    with build_installation(root, build_params(root / "inbox", watch={"sources": sources})) as made:
        made.drop("a", build_records(90))
        yield made


def test_a_source_that_fails_stops_no_other_and_fails_the_run_when_all_are_done(installation: Installation) -> None:
    from flows.watch import watch

    with pytest.raises(SourceError, match=r"clinical: gone \(.*is no folder.*\); the other sources are done"):
        watch("clinical")
    assert len(open_place().corpus(DOMAIN).read()) == 90


def test_when_all_are_well_each_says_what_it_brought(installation: Installation) -> None:
    from flows.watch import watch

    (installation.root / "gone").mkdir(exist_ok=True)
    (installation.root / "gone" / "b.jsonl").write_bytes(write_lines(*build_records(1, first=90)))
    assert [landing.source for landing in watch("clinical")] == ["gone", "folder"]
    assert len(open_place().corpus(DOMAIN).read()) == 91
    assert [landing.sentence for landing in watch("clinical")] == ["nothing new", "nothing new"]


@pytest.mark.slow
def test_a_retraining_runs_every_stage_and_promotes_with_an_approval(installation: Installation) -> None:
    from flows.retrain import retrain
    from flows.watch import watch

    (installation.root / "gone").mkdir(exist_ok=True)
    (installation.root / "gone" / "b.jsonl").write_bytes(write_lines(*build_records(1, first=90)))
    watch("clinical")
    done = retrain("clinical", approved_by="R. Okafor")
    assert [run.stage for run in done.stages] == list(StageName)
    assert isinstance(done.promotion, PromotionOutcome)
    assert done.promotion.is_promoted, done.promotion.sentence
    serving = champion(open_place().ledger, DOMAIN)
    assert serving is not None
    assert serving.run_id == done.run_id
    again = retrain("clinical")
    assert again.run_id is None
    assert again.reason == "nothing new since version 1"


def test_a_stage_that_refuses_ends_the_retraining_with_its_words_in_the_ledger(installation: Installation) -> None:
    from flows.retrain import retrain

    place = open_place()
    pipeline = installation.workspace / "dvc.yaml"
    broken = pipeline.read_text(encoding="utf-8").replace("python -m pipelines snapshot", "echo the disk is full; false")
    pipeline.write_text(broken, encoding="utf-8")
    run_git(installation.workspace, "commit", "--quiet", "--all", "--message", "A pipeline whose first stage fails")
    place.corpus(DOMAIN).append("one more", [build_revision("one-more")])
    with pytest.raises(StageError, match=r"snapshot of clinical failed .*the disk is full"):
        retrain("clinical", reason="asked for")
    assert open_retraining(place.ledger, DOMAIN) is None
    (*_, ended) = place.ledger.events(DOMAIN, [Kind.RETRAIN_ENDED])
    assert ended.payload["decision"] == "failed"
    assert "the disk is full" in str(ended.payload["why"])
