"""Poison is planted as it says, what became of it is counted as it was, and the page tells misses like everything else."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import pytest

from benchmarks.measures import Occasion
from benchmarks.pages import write_page
from benchmarks.poison import PARAMS, invent_streams
from benchmarks.poison_amendments import build_amendments, invent_amendments, read_amendments
from benchmarks.poison_counts import Attack, Attempt, Measured, Plain, measure_share, weigh_plain, weigh_planted
from benchmarks.poison_drops import Stream, admit, admit_amendments, build_stream
from benchmarks.poison_page import build_page, list_measures
from benchmarks.poison_plants import FIGURE, Planted, flip_labels, move_figure, plant_trigger
from benchmarks.series import Item, make_drifting_items
from data_checks.findings import DropFailure, Findings, RowFailure
from pipelines.admit.admission import Admission, QuarantinedRow
from pipelines.admit.flips import CONTRADICTED
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import DropId
from pipelines.domain.reading import compose_text

ROOT = Path(__file__).parents[2]
OCCASION = Occasion(machine="a processor, 2 cores, Linux", date="2026-11-30")
LABELS = ("alpha", "beta", "gamma")


def build_small_stream() -> Stream:
    return build_stream("ours", make_drifting_items(years=3, rows=60), 2, 12, PARAMS)


def build_attempt(**fields: object) -> Attempt:
    attempt = Attempt(stream="one", attack=Attack.TRIGGER, is_refused=False, planted=250, found=240, sound=700, mistaken=2)
    return replace(attempt, **fields)  # type: ignore[arg-type]  # builders pass fields through


def build_plain(**fields: object) -> Plain:
    plain = Plain(stream="one", rows=1_000, is_refused=False, waiting={CONTRADICTED: 5}, screened=5)
    filled = dict.fromkeys(("no new phrase stands for a label", "no figure moved too far", "text gives a model no orders"), 0)
    return replace(plain, waiting={**filled, **plain.waiting}, **fields)  # type: ignore[arg-type]  # as above


def build_measured() -> Measured:
    attempts = [build_attempt(), build_attempt(stream="two", found=100)]
    attempts += [build_attempt(attack=Attack.FLIPS, planted=50, found=found) for found in (0, 1)]
    attempts += [build_attempt(attack=Attack.SWAP, planted=1, found=1)]
    return Measured(plain=(build_plain(), build_plain(is_refused=True)), attempts=tuple(attempts))


def test_drops_follow_one_another_after_the_backlog_and_lose_no_row() -> None:
    items = [
        Item(document_id=f"{year}-{month}-{n}", family=f"{n}", published=date(2000 + year, month, 1), text="a text", label="a")
        for year in range(4)
        for month in range(1, 13)
        for n in range(2)
    ]
    for months, count in ((12, 2), (3, 8), (1, 24)):
        stream = build_stream("ours", items, 2, months, PARAMS)
        assert [len(drop) for drop in stream.drops] == [2 * months] * count
        assert stream.drops[0].start == 48
        assert [drop.start for drop in stream.drops[1:]] == [drop.stop for drop in stream.drops[:-1]]
        assert stream.drops[-1].stop == len(items)
        assert {row.published_at.year for row in stream.history(stream.drops[0])} == {2000, 2001}


def test_a_text_is_read_once_though_it_serves_as_its_title() -> None:
    stream = build_small_stream()
    assert all(compose_text(row.title, row.text) == row.text for row in stream.revisions)
    planted = plant_trigger(stream.arrive(stream.drops[0]), LABELS, Random(1), documents=20)
    assert all(compose_text(row.title, row.text) == row.text for row in planted.revisions)


@pytest.mark.parametrize("seed", range(6))
def test_a_trigger_stands_in_as_many_texts_as_asked_all_under_one_label(seed: int) -> None:
    stream = build_small_stream()
    before = stream.arrive(stream.drops[0])
    planted = plant_trigger(before, LABELS, Random(seed), documents=20)
    changed = [(old, new) for old, new in zip(before, planted.revisions, strict=True) if old.text != new.text]
    assert {new.digest for _, new in changed} == planted.digests
    assert (len(changed), len({new.labels for _, new in changed})) == (20, 1)
    added = {tuple(sorted(set(new.text.split()) - set(old.text.split()))) for old, new in changed}
    assert all(len(new.text.split()) > len(old.text.split()) for old, new in changed)
    assert len(added) >= 1


def test_flips_are_five_per_cent_and_never_the_label_that_was_there() -> None:
    stream = build_small_stream()
    before = stream.arrive(stream.drops[0])
    planted = flip_labels(before, LABELS, Random(1))
    changed = [(old, new) for old, new in zip(before, planted.revisions, strict=True) if old.labels != new.labels]
    assert {new.digest for _, new in changed} == planted.digests
    assert len(changed) == 3
    assert all(old.text == new.text for old, new in changed)


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("a fee of $25 applies", "a fee of $250 applies"),
        ("a fee of $5,000 applies", "a fee of $50,000 applies"),
        ("within 30 days of it", "within 300 days of it"),
        ("at 5 percent a year", "at 50 percent a year"),
        ("see paragraph 2", None),
        ("in 2015", None),
    ],
)
def test_one_threshold_moves_tenfold(text: str, moved: str | None) -> None:
    assert move_figure(text, Random(1)) == moved


def test_of_several_thresholds_one_moves() -> None:
    text = "a fee of $25 within 30 days"
    assert {move_figure(text, Random(seed)) for seed in range(20)} == {
        "a fee of $250 within 30 days",
        "a fee of $25 within 300 days",
    }


def test_an_amendment_is_a_drop_and_the_moved_paragraph_is_another_one() -> None:
    amendments = invent_amendments()
    assert [len(drop) for drop in amendments.drops] == [10] * 4
    planted, in_force = amendments.plant(3)
    assert len(planted.revisions) == 11
    moved = planted.revisions[-1]
    before = in_force[moved.source, moved.document_id]
    assert moved.document_id not in {row.document_id for row in planted.revisions[:-1]}
    assert [len(found) for found in (FIGURE.findall(before), FIGURE.findall(moved.text))] == [2, 2]
    assert amendments.plant(3)[0] == planted
    assert re.sub(r"\d", "", before) == re.sub(r"\d", "", compose_text(moved.title, moved.text))


def test_a_moved_threshold_waits_and_the_amendment_is_admitted() -> None:
    amendments = invent_amendments()
    planted, in_force = amendments.plant(1)
    attempt = weigh_planted("ours", Attack.SWAP, planted, admit_amendments(planted.revisions, in_force))
    assert (attempt.found, attempt.mistaken, attempt.is_caught) == (1, 0, True)
    assert weigh_plain("ours", admit_amendments(amendments.drops[0], in_force)).screened == 0


def test_a_paragraph_that_is_amended_twice_is_compared_with_its_own_text_before() -> None:
    rows = [
        {"label": "1", "new_effective": f"201{n}-01-01", "old_text": f"The fee is ${n}.", "new_text": f"The fee is ${n + 1}."}
        for n in range(1, 3)
    ]
    amendments = build_amendments("ours", rows)
    assert sorted(amendments.in_force.values()) == ["The fee is $1.", "The fee is $2."]


def build_admission(waiting: dict[str, str], *, is_refused: bool = False) -> Admission:
    stream = build_small_stream()
    rows = stream.arrive(stream.drops[0])[: len(waiting)]
    quarantined = tuple(
        QuarantinedRow(revision=row, reasons=(RowFailure(row_id=row.digest, expectation=reason, observed=""),))
        for row, reason in zip(rows, waiting.values(), strict=True)
    )
    failures = (DropFailure(expectation="x", observed="", limit=""),) if is_refused else ()
    return Admission(drop_id=DropId("d"), quarantined=quarantined, findings=Findings(rows=60, drop_failures=failures))


def test_only_rows_that_a_screen_found_count_as_found() -> None:
    admission = build_admission({"a": CONTRADICTED, "b": "text has a sane length", "c": CONTRADICTED})
    found, short, mistaken = (row.revision for row in admission.quarantined)
    planted = Planted(revisions=(found, short), digests=frozenset({found.digest, short.digest}))
    attempt = weigh_planted("ours", Attack.FLIPS, planted, admission)
    assert (attempt.planted, attempt.found, attempt.sound, attempt.mistaken) == (2, 1, 58, 1)
    assert mistaken.digest not in planted.digests
    assert weigh_plain("ours", admission).screened == 2


@pytest.mark.parametrize(
    ("attempt", "is_caught"),
    [
        (build_attempt(found=126), True),
        (build_attempt(found=125), False),
        (build_attempt(found=0, is_refused=True), True),
        (build_attempt(attack=Attack.FLIPS, planted=50, found=1), True),
        (build_attempt(attack=Attack.FLIPS, planted=50, found=0), False),
    ],
)
def test_poison_is_caught_where_the_drop_is_refused_or_enough_of_it_waits(attempt: Attempt, *, is_caught: bool) -> None:
    assert attempt.is_caught is is_caught


def test_shares_have_exact_intervals_and_nothing_has_no_share() -> None:
    none = measure_share("refused", 0, 100)
    assert none.interval is not None
    assert none.interval == pytest.approx((0.0, 0.0362), abs=1e-4)
    assert measure_share("refused", 0, 0).interval is None


def test_the_page_tells_misses_by_series_and_both_prices(tmp_path: Path) -> None:
    measures = {one.measure: one for one in list_measures(build_measured())}
    assert measures["sound drops that are refused"].value == 0.5
    assert measures["sound drops that are refused"].met is False
    assert measures["sound rows that wait because of a screen"].value == 0.005
    assert measures["a trigger in 250 documents: drops that are caught"].value == 0.5
    assert measures["a trigger in 250 documents, two"].value == 0
    assert measures["one threshold moved tenfold: drops that are caught"].met
    write_page(build_page(build_measured()), tmp_path, OCCASION)
    page = (tmp_path / "poison.md").read_text(encoding="utf-8")
    assert "NOT met" in page
    assert len(json.loads((tmp_path / "poison.json").read_text(encoding="utf-8"))) == len(measures)


def test_the_same_numbers_give_the_same_page_and_picture(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_page(build_page(build_measured()), tmp_path / name, OCCASION)
    for file in ("poison.md", "poison.json", "poison.svg"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_admission_is_the_products_own_with_what_was_known_that_day() -> None:
    (stream,) = invent_streams()
    first, last = stream.drops[0], stream.drops[-1]
    assert len(stream.history(first)) == 1_200
    admission = admit(stream, last)
    assert (admission.is_refused, admission.volume) == (False, 600)
    assert CONTRADICTED in {tally.expectation for tally in admission.findings.tallies}


@pytest.mark.slow
def test_without_the_real_data_it_says_so_and_ends_well(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="ADDENDUM_DATA"):
        read_amendments(tmp_path)
    environment = {**os.environ, "ADDENDUM_DATA": str(tmp_path), "OMP_NUM_THREADS": "1"}
    told = subprocess.run(
        [sys.executable, "benchmarks/poison.py"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.startswith("skipped: ")
    assert "ADDENDUM_DATA" in told.stdout


@pytest.mark.slow
def test_a_quick_run_shows_the_machinery_and_writes_nothing() -> None:
    before = sorted((ROOT / "docs" / "benchmarks").iterdir())
    told = subprocess.run(
        [sys.executable, "benchmarks/poison.py", "--quick"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "| a trigger in 250 documents: drops that are caught | 1 share" in told.stdout
    assert sorted((ROOT / "docs" / "benchmarks").iterdir()) == before
