"""The half that is reported is fixed and no rule was written on it; every figure has its goal, its bound and its count."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.measures import Occasion
from benchmarks.pages import write_page
from benchmarks.privacy import is_for_writing, measure_own, time_reading
from benchmarks.privacy_notes import KINDS, SIZE, invent_clean, invent_notes
from benchmarks.privacy_page import Measured, Rate, build_page, list_measures, tell_report
from pipelines.domain.identities import Digest
from pipelines.files import digest_file, read_json
from pipelines.privacy.measuring import bound_recall
from pipelines.privacy.reports import Recall, RecallReport

ROOT = Path(__file__).parents[2]
RATES = (
    Rate(processes=1, notes=100, seconds=2.0, starting=0.1, work=1.0, letters=160_000),
    Rate(processes=2, notes=100, seconds=2.0, starting=1.5, work=0.1, letters=160_000),
)


def build_recall(kind: str, found: int, spans: int) -> Recall:
    return Recall(kind=kind, found=found, spans=spans, lower=bound_recall(found, spans))


def build_measured(touched: int = 2) -> Measured:
    classes = (build_recall("DATE", 380, 400), build_recall("FAX", 3, 3), build_recall("NAME", 400, 400))
    report = RecallReport(
        overall=build_recall("all", 783, 803), classes=classes, clean=50, touched=touched, identifiers="safe_harbor", screen=True,
        code=Digest("a" * 64), gold=Digest("b" * 64),
    )  # fmt: skip
    return Measured(kept=report, seen=replace(report, touched=9), rates=RATES)


@given(st.integers(0, 100_000))
def test_a_query_is_in_one_half_for_ever(number: int) -> None:
    assert is_for_writing(f"asq{number}") is is_for_writing(f"asq{number}")


def test_the_halves_are_those_that_the_rules_were_written_by() -> None:
    assert [is_for_writing(f"asq{number:04d}") for number in range(6)] == [True, True, False, True, False, True]
    assert 450 < sum(is_for_writing(f"asq{number:04d}") for number in range(1_000)) < 550


def test_a_class_is_judged_where_it_can_be_decided_and_told_where_not() -> None:
    met = {one.measure: one.met for one in list_measures(build_measured())}
    assert met["lower bound of recall, all classes"] is False
    assert met["lower bound of recall, NAME"] is True
    assert met["lower bound of recall, DATE"] is False
    assert met["lower bound of recall, FAX"] is None
    assert met["clean texts in which anything was replaced"] is True
    assert {one.met for one in list_measures(build_measured(touched=6)) if "clean" in one.measure} == {False}


def test_the_rate_is_told_with_the_start_of_the_processes_and_without() -> None:
    rates = {one.measure: one.value for one in list_measures(build_measured()) if one.unit == "notes/s"}
    assert list(rates.values()) == [50.0, 200.0, 50.0]


def test_the_page_tells_both_halves_and_what_cannot_be_decided(tmp_path: Path) -> None:
    write_page(build_page(build_measured()), tmp_path, Occasion(machine="a processor", date="2026-11-30"))
    page = (tmp_path / "privacy.md").read_text(encoding="utf-8")
    assert "cannot be decided: under 59 spans" in page
    assert "| clean texts touched | 2 of 50 |  |  | 9 of 50 |" in page
    assert "## What this does not show" in page
    assert len(json.loads((tmp_path / "privacy.json").read_text(encoding="utf-8"))) == 10


def test_notes_of_ours_are_marked_where_their_identifiers_stand() -> None:
    notes = invent_notes(40)
    assert invent_notes(40) == notes
    assert {span.type for note in notes for span in note.spans} == set(KINDS.values())
    assert all(SIZE * 0.9 < len(note.text) < SIZE * 1.3 for note in notes)
    assert all("<" not in note.text and note.text[span.start : span.end].strip() for note in notes for span in note.spans)
    assert not any(note.spans for note in invent_clean(5))


@pytest.mark.slow
def test_a_rate_is_measured() -> None:
    rate = time_reading(30, 1)
    assert rate.seconds > 0
    assert rate.per_second > 1


@pytest.mark.slow
def test_a_gold_set_of_ones_own_gives_a_report(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text("".join(note.model_dump_json() + "\n" for note in [*invent_notes(20), *invent_clean(5)]), encoding="utf-8")
    report = measure_own(gold, tmp_path / "recall.json", screen=True)
    assert read_json(tmp_path / "recall.json", RecallReport) == report
    assert report.gold == digest_file(gold)
    assert report.overall.found / report.overall.spans > 0.9
    assert report.touched == 0
    assert f"| all | {report.overall.found} of {report.overall.spans} |" in tell_report(report)


@pytest.mark.slow
def test_one_command_prints_the_table() -> None:
    command = [sys.executable, "benchmarks/privacy.py", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "| lower bound of recall, all classes |" in done.stdout
