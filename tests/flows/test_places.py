"""A place opened from settings records, signs and keeps what it must, under the home and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.places import Place, find_heads, open_place
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Kind
from pipelines.ledger.heads import SignedHeads, current_head
from pipelines.ledger.keys import KeyRing
from pipelines.settings import Settings
from tests.builders.places import DOMAIN, Shared


def open_at(shared: Shared, home: Path, **fields: object) -> Place:
    return open_place(Settings(home=home, workspace=shared.workspace, **fields))  # type: ignore[arg-type]  # fields of settings


def test_what_is_recorded_is_signed_under_the_home(shared: Shared, tmp_path: Path) -> None:
    place = open_at(shared, tmp_path / "home")
    place.ledger.append(DOMAIN, Kind.FROZEN, {})
    heads = find_heads(place.settings)
    assert heads.folder == place.home.heads
    assert heads.read(DOMAIN) == [current_head(place.ledger, DOMAIN)]
    assert sorted(path.suffix for path in place.home.keys.iterdir()) == [".pem", ".pub"]


def test_opening_a_place_to_read_it_makes_no_key(shared: Shared, tmp_path: Path) -> None:
    place = open_at(shared, tmp_path / "home")
    assert place.ledger.events(DOMAIN) == []
    assert not place.home.keys.exists()


def test_a_key_that_is_named_signs_and_only_its_public_half_comes_home(shared: Shared, tmp_path: Path) -> None:
    key = tmp_path / "secrets" / "key.pem"
    KeyRing(key, tmp_path / "made").load()
    place = open_at(shared, tmp_path / "home", ledger_key=key)
    place.ledger.append(DOMAIN, Kind.FROZEN, {})
    assert [path.suffix for path in place.home.keys.iterdir()] == [".pub"]
    assert isinstance(place.ledger.heads, SignedHeads)
    assert place.ledger.heads.find_breaks(DOMAIN, place.ledger.rows(DOMAIN)) == []


def test_a_key_that_is_named_and_missing_stops_what_would_be_recorded(shared: Shared, tmp_path: Path) -> None:
    place = open_at(shared, tmp_path / "home", ledger_key=tmp_path / "nowhere.pem")
    with pytest.raises(LedgerError, match="ADDENDUM_LEDGER_KEY"):
        place.ledger.append(DOMAIN, Kind.FROZEN, {})
    assert place.ledger.events(DOMAIN) == []


def test_evidence_is_kept_under_the_home(shared: Shared, tmp_path: Path) -> None:
    place = open_at(shared, tmp_path / "home")
    digest = place.evidence.put(b"verdict")
    assert [path.name for path in place.home.evidence.rglob("*") if path.is_file()] == [digest]
