"""``addendum quarantine`` lists rows without their text, shows one on request, and lets one in once."""

from __future__ import annotations

import pytest

from flows.landing import look_at_source
from flows.places import Place
from pipelines.admit.quarantines import list_rows
from tests.builders.installations import Installation, build_records
from tests.builders.places import DOMAIN
from tests.flows.commands.conftest import Call


@pytest.fixture
def row(there: Place, installation: Installation) -> str:
    short = {**build_records(1)[0], "document_id": "short", "title": "A [bold] title", "text": "Short."}
    installation.drop("a", [*build_records(12), short])
    look_at_source(there, DOMAIN, "folder")
    (waiting,) = list_rows(there.home, DOMAIN)
    return waiting.digest


def test_rows_are_listed_with_reasons_and_without_text(call: Call, row: str) -> None:
    said = call("quarantine", "list", "clinical")
    assert said.exit_code == 0
    assert row[:12] in said.stdout
    assert "text has a sane length" in said.stdout
    assert "waiting" in said.stdout
    assert "Short." not in said.stdout


def test_one_is_shown_whole_and_as_it_is(call: Call, row: str) -> None:
    said = call("quarantine", "show", "clinical", row[:8])
    assert "A [bold] title" in said.stdout
    assert said.stdout.endswith("Short.\n")


def test_one_is_released_and_marked(call: Call, there: Place, row: str) -> None:
    said = call("quarantine", "release", "clinical", row[:8], "--reason", "short but complete")
    assert said.stdout == f"row {row[:12]} is in the corpus\n"
    assert "released" in call("quarantine", "list", "clinical").stdout
    assert [entry.digest for entry in there.corpus(DOMAIN).read()].count(row) == 1


@pytest.mark.parametrize("command", [("list",), ("show", "zz"), ("release", "zz", "--reason", "r")], ids=lambda each: each[0])
def test_an_unknown_domain_is_refused_by_name(call: Call, command: tuple[str, ...]) -> None:
    said = call("quarantine", command[0], "dental", *command[1:])
    assert said.exit_code == 1
    assert said.stderr.startswith("refused: no domain 'dental'")


def test_an_unknown_row_is_refused_in_one_line(call: Call, row: str) -> None:
    said = call("quarantine", "show", "clinical", "zz")
    assert said.exit_code == 1
    assert len(said.stderr.splitlines()) == 1
