"""``addendum corpus as-of`` answers for a day and for what was known on another; a text is shown for one document alone."""

from __future__ import annotations

from flows.landing import look_at_source
from flows.places import Place
from tests.builders.installations import Installation, build_records
from tests.builders.places import DOMAIN, judge_candidate
from tests.flows.commands.conftest import Call


def test_what_is_in_force_is_counted_by_source_and_one_document_is_shown(
    call: Call, there: Place, installation: Installation
) -> None:
    records = build_records(12)
    installation.drop("a", records)
    look_at_source(there, DOMAIN, "folder")
    said = call("corpus", "as-of", "clinical", "--day", "2100-01-01")
    assert said.exit_code == 0, said.output
    assert said.stdout.splitlines()[0] == "clinical: 12 documents in force on 2100-01-01, as known now"
    assert said.stdout.splitlines()[-1].split() == ["folder", "12"]
    assert records[0]["text"] not in said.stdout
    one = call("corpus", "as-of", "clinical", "--day", "2100-01-01", "--document", str(records[0]["document_id"]))
    assert "until further notice" in one.stdout
    assert str(records[0]["text"]) in one.stdout.replace("\n", " ")
    assert "clinical: 0 documents" in call("corpus", "as-of", "clinical", "--day", "1900-01-01").stdout


def test_a_day_counts_whole(call: Call, there: Place, installation: Installation) -> None:
    installation.drop("a", build_records(3))
    look_at_source(there, DOMAIN, "folder")
    heard = {day: call("corpus", "as-of", "clinical", "--day", "2100-01-01", "--known", day).stdout for day in DAYS}
    assert [heard[day].splitlines()[0].split()[1] for day in DAYS] == ["0", "3"]


def test_a_day_that_is_none_and_a_domain_that_is_none_are_refused(call: Call) -> None:
    assert call("corpus", "as-of", "clinical", "--day", "yesterday").exit_code == 2
    said = call("corpus", "as-of", "dental")
    assert said.exit_code == 1
    assert said.stderr.startswith("refused: no domain 'dental'")


DAYS = ("2026-02-28", "2026-03-01")
"""The clock of the commands stands at noon of the second."""


def test_impact_names_drop_and_models_and_shows_no_text(call: Call, there: Place, installation: Installation) -> None:
    records = build_records(12)
    installation.drop("a", records)
    look_at_source(there, DOMAIN, "folder")
    judge_candidate(there, "impact-1")
    said = call("impact", str(records[0]["document_id"]))
    assert said.exit_code == 0, said.output
    assert "revisions in the corpus: 1, in quarantine: 0" in said.stdout
    assert "impact-1" in said.stdout
    assert "not known: its evidence is gone" in said.stdout
    assert "no judged model learned from it" not in said.stdout
    assert str(records[0]["text"]) not in said.stdout


def test_impact_of_what_nobody_saw_says_so(call: Call, there: Place) -> None:
    said = call("impact", "nobody's")
    assert said.exit_code == 1
    assert said.stdout.startswith("nobody's: no corpus and no quarantine of any domain holds it; drops that were refused")


def test_a_corpus_is_compacted_by_hand_and_nothing_of_it_is_lost(call: Call, there: Place, installation: Installation) -> None:
    for number in (3, 6):
        installation.drop(str(number), build_records(number))
        look_at_source(there, DOMAIN, "folder")
    before = there.corpus(DOMAIN).read()
    assert "2 files became 1" in call("corpus", "compact", "clinical").stdout
    assert there.corpus(DOMAIN).read() == before
    assert "nothing to do" in call("corpus", "compact", "clinical").stdout
