"""A dossier on disk follows the record: written anew it is the same, and an answer or a promotion shows in it."""

from __future__ import annotations

import json
import shutil

import pytest

from flows.dossiers import publish_after_promotion, publish_dossier, write_dossier
from flows.places import Place
from flows.promoting import Approval, promote_latest
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Kind
from tests.builders.places import DOMAIN, judge_candidate


def test_written_again_it_is_the_same_bytes(place: Place) -> None:
    judge_candidate(place, "dossier-1")
    first = write_dossier(place, DOMAIN, 1)
    before = first.page.read_bytes(), first.twin.read_bytes()
    shutil.rmtree(place.home.dossiers)
    assert write_dossier(place, DOMAIN, 1) == first
    assert (first.page.read_bytes(), first.twin.read_bytes()) == before


def test_it_needs_neither_the_registry_nor_the_run(place: Place) -> None:
    judge_candidate(place, "dossier-1")
    before = write_dossier(place, DOMAIN, 1).page.read_bytes()
    shutil.rmtree(place.home.mlflow)
    shutil.rmtree(place.home.root / "made")
    assert write_dossier(place, DOMAIN, 1).page.read_bytes() == before


def test_a_promotion_shows_in_it_and_ends_the_time_of_the_one_before(place: Place) -> None:
    judge_candidate(place, "dossier-1")
    promote_latest(place, DOMAIN, Approval(by="R. Okafor", reason="reviewed"))
    first = publish_after_promotion(place, DOMAIN, 1)
    assert "champion now" in first.page.read_text(encoding="utf-8")
    judge_candidate(place, "dossier-2", against=1)
    promote_latest(place, DOMAIN, Approval(by="R. Okafor", reason="better"))
    second = publish_after_promotion(place, DOMAIN, 2)
    assert "champion now" in second.page.read_text(encoding="utf-8")
    assert "no longer serving" in first.page.read_text(encoding="utf-8")
    assert json.loads(second.twin.read_bytes())["standing"]["champion"] == 2


def test_the_signed_head_of_this_installation_is_in_it(place: Place) -> None:
    judge_candidate(place, "dossier-1")
    head = json.loads(write_dossier(place, DOMAIN, 1).twin.read_bytes())["chain"]["head"]
    (judged,) = place.ledger.events(DOMAIN, [Kind.CANDIDATE_JUDGED])
    assert (head["seq"], head["hash"]) == (judged.seq, judged.hash)


def test_a_version_without_an_mlflow_run_has_its_files_all_the_same(place: Place) -> None:
    judge_candidate(place, "dossier-1")
    files = publish_dossier(place, DOMAIN, 1)
    assert files.page.is_file()
    assert files.twin.is_file()


def test_what_was_never_judged_has_no_dossier(place: Place) -> None:
    judge_candidate(place, "dossier-1")
    with pytest.raises(LedgerError, match="no judged version 9"):
        write_dossier(place, DOMAIN, 9)
    assert not (place.home.dossiers / DOMAIN / "9.html").exists()
