"""``addendum drop`` shows what arrived and takes a bad arrival out; it never shows a text."""

from __future__ import annotations

import pytest

from flows.dropping import list_drops
from flows.landing import look_at_source
from flows.places import Place
from tests.builders.installations import Installation, build_records
from tests.builders.places import DOMAIN
from tests.flows.commands.conftest import Call


@pytest.fixture
def drop(there: Place, installation: Installation) -> str:
    installation.drop("a", [*build_records(12), {**build_records(1)[0], "document_id": "short", "text": "Short."}])
    look_at_source(there, DOMAIN, "folder")
    return list_drops(there, DOMAIN)[0].drop_id


def test_drops_are_listed(call: Call, drop: str) -> None:
    said = call("drop", "list", "clinical")
    assert said.exit_code == 0
    assert said.stdout.splitlines()[1].split() == [drop[:12], "folder", "2026-03-01", "12:00", "12", "1", "admitted"]


def test_one_is_shown_with_the_reasons_and_without_its_text(call: Call, drop: str) -> None:
    said = call("drop", "show", drop[:6])
    assert "admitted 12, quarantined 1" in said.stdout
    assert "text has a sane length: 1 rows" in said.stdout
    assert "Short." not in said.stdout


def test_one_is_withdrawn_once_and_said_so(call: Call, there: Place, drop: str) -> None:
    for _ in range(2):
        said = call("drop", "withdraw", drop[:6], "--reason", "labels swapped")
        assert (said.exit_code, said.stdout) == (0, f"{drop[:12]} is out of the corpus of clinical\n")
    assert there.corpus(DOMAIN).read() == []


def test_an_unknown_one_is_refused_in_one_line(call: Call) -> None:
    for command in (("show", "zz"), ("withdraw", "zz", "--reason", "r")):
        said = call("drop", *command)
        assert said.exit_code == 1
        assert said.stderr == "refused: no drop begins with 'zz': `addendum drop list DOMAIN` shows them\n"


def test_withdrawing_needs_a_reason(call: Call, drop: str) -> None:
    assert call("drop", "withdraw", drop).exit_code == 2
