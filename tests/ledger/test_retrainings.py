"""One retraining of a domain at a time, and none is forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Kind
from pipelines.ledger.retrainings import end_retraining, open_retraining, start_retraining
from tests.builders.ledgers import DOMAIN, open_ledger


def test_a_retraining_is_open_from_its_start_to_its_end(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    assert open_retraining(ledger, DOMAIN) is None
    started = start_retraining(ledger, DOMAIN, {"run": "a"})
    assert open_retraining(ledger, DOMAIN) == started
    assert end_retraining(ledger, DOMAIN, {"run": "a"}) is not None
    assert open_retraining(ledger, DOMAIN) is None


def test_starting_or_ending_twice_is_doing_it_once(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    assert start_retraining(ledger, DOMAIN, {"run": "a"}) == start_retraining(ledger, DOMAIN, {"run": "a"})
    end_retraining(ledger, DOMAIN, {"run": "a"})
    assert end_retraining(ledger, DOMAIN, {"run": "a"}) is None
    assert [event.kind for event in ledger.events(DOMAIN)] == [Kind.RETRAIN_STARTED, Kind.RETRAIN_ENDED]


def test_refuses_to_start_another_beside_an_open_one(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    start_retraining(ledger, DOMAIN, {"run": "a"})
    with pytest.raises(LedgerError, match="still open"):
        start_retraining(ledger, DOMAIN, {"run": "b"})
    end_retraining(ledger, DOMAIN, {"run": "a"})
    assert start_retraining(ledger, DOMAIN, {"run": "b"}).payload == {"run": "b"}


@pytest.mark.parametrize("kind", [Kind.RETRAIN_HELD, Kind.CANDIDATE_JUDGED, Kind.DROP_LANDED])
def test_nothing_but_its_end_closes_it(tmp_path: Path, kind: Kind) -> None:
    ledger = open_ledger(tmp_path)
    started = start_retraining(ledger, DOMAIN, {"run": "a"})
    ledger.append(DOMAIN, kind, {"reason": "nothing new"})
    assert open_retraining(ledger, DOMAIN) == started
