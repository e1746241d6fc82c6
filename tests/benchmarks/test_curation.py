"""What is planted is what it is said to be, the goals are judged by the right figures, and one command writes the page."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.curation import list_entries
from benchmarks.curation_corpora import BOUND, WORDS, compare, make_corpus
from benchmarks.curation_page import SEARCH, STAGE, STEPS, Measured, RealSeries, build_page, list_measures
from benchmarks.curation_timing import RESEMBLANCE, Found, Place, Timed, check, lay_out, time_all, time_merge
from benchmarks.measures import Occasion
from benchmarks.pages import write_page
from pipelines.curate.memories import Memory
from pipelines.curate.rows import enter
from pipelines.domain.revisions import Entry
from tests.builders.curations import compare as compare_by_tests
from tests.builders.revisions import build_revision

ROOT = Path(__file__).parents[2]


def text_of(entry: Entry) -> list[str]:
    return entry.revision.text.split()


def build_measured(**fields: Any) -> Measured:
    defaults: dict[str, Any] = {
        "documents": 202_000,
        "news": 2_000,
        "planted": (10_000, 5_000),
        "timed": {
            SEARCH: Timed(full=(9.0, 10.0, 12.0), incremental=(0.4, 0.6, 0.3)),
            STEPS: Timed(full=(20.0, 20.0, 20.0), incremental=(6.0, 6.0, 6.0)),
            STAGE: Timed(full=(40.0, 40.0, 40.0), incremental=(20.0, 20.0, 20.0)),
        },
        "merge": 1.5,
        "load": 1.5,
        "parts": {"read the snapshot": 8.0, "step repair_unicode": 4.0, "search: sign": 5.0},
        "found": Found(near=0.99, edge=0.98, hard=0.001, edges=900),
        "memory": (500.0, 1_200.0, 2_000.0),
        "remembered": 200_000 * 700,
        "real": (RealSeries(name="fda_recalls", documents=100, words=90.0, seconds=0.5, removed=10),),
    }
    return Measured(**{**defaults, **fields})


def test_the_corpus_is_the_same_every_time_and_begins_the_same_when_it_is_longer() -> None:
    assert make_corpus(80).entries == make_corpus(80).entries == make_corpus(120).entries[:80]
    assert make_corpus(80).entries != make_corpus(80, seed=1).entries


def test_planted_pairs_have_the_similarity_that_is_said() -> None:
    corpus = make_corpus(3_000)
    assert len(corpus.near) > 80
    assert len(corpus.hard) > 40
    for pair in (*corpus.near, *corpus.hard):
        left, right = text_of(corpus.entries[pair.original]), text_of(corpus.entries[pair.copy])
        assert pair.similarity == compare(left, right) == compare_by_tests(left, right)
    assert all(pair.similarity >= BOUND for pair in corpus.near)
    assert any(pair.similarity < 0.88 for pair in corpus.near)
    assert all(0.5 < pair.similarity < 0.7 for pair in corpus.hard)
    assert all(WORDS[0] <= len(text_of(entry)) <= WORDS[1] for entry in corpus.entries)


def test_the_search_finds_what_is_planted_near_and_leaves_what_is_hard() -> None:
    corpus = make_corpus(3_000)
    found = check(corpus)
    assert found.near > 0.95
    assert found.hard < 0.05
    assert 0 < found.edges < len(corpus.near)


def test_a_pair_that_is_not_found_counts_as_missed() -> None:
    corpus = make_corpus(300)
    turned = check(replace(corpus, near=corpus.hard, hard=corpus.near))
    assert turned.near < 0.5 < turned.hard


def test_all_but_the_news_is_remembered_before_the_clock_starts(tmp_path: Path) -> None:
    corpus, place = make_corpus(200), Place(root=tmp_path)
    lay_out(place, corpus, 20)
    (segment,) = Memory(place.base, RESEMBLANCE).recall()
    assert len(segment.texts) == 180
    assert set(time_all(place, corpus.entries, 1)) == {SEARCH, STEPS, STAGE}
    assert len(list((tmp_path / "memory").iterdir())) == 2
    assert time_merge(place, corpus.entries, 20) > 0


def test_the_cost_of_news_is_the_median_of_ratios_and_each_goal_has_its_figure() -> None:
    measures = {one.measure: one for one in list_measures(build_measured())}
    news = measures["1% news: search for near-duplicates (median)"]
    assert (round(news.value, 4), news.n, news.met) == (0.0444, 3, True)
    rate = measures["search for near-duplicates, from text to clusters (median)"]
    assert (rate.value, rate.met) == (20_200, True)
    assert [one.met for one in measures.values() if one.goal] == [True, True, True, True]


@pytest.mark.parametrize(
    ("fields", "missed"),
    [
        ({"found": Found(near=0.94, edge=0.9, hard=0.0, edges=9)}, "planted pairs of J ≥ .85 found"),
        ({"found": Found(near=0.99, edge=0.9, hard=0.01, edges=9)}, "planted pairs of J about .6 merged"),
        ({"documents": 190_000}, "search for near-duplicates, from text to clusters (median)"),
    ],
)
def test_a_missed_goal_is_told(fields: dict[str, Any], missed: str) -> None:
    assert [one.measure for one in list_measures(build_measured(**fields)) if one.met is False] == [missed]


def test_the_page_accounts_for_the_whole_stage(tmp_path: Path) -> None:
    write_page(build_page(build_measured()), tmp_path, Occasion(machine="one", date="2026-11-30"))
    page = (tmp_path / "curation.md").read_text(encoding="utf-8")
    assert "| search: digests, memory, choice of who stays | 5.00 | 12% | 25 |" in page
    assert "| write the tables, count, draw the card | 18.00 | 45% | 89 |" in page
    assert "| fda_recalls | 100 | 90 | 200 | 10.0% |" in page
    assert "</svg>" in (tmp_path / "curation.svg").read_text(encoding="utf-8")


def test_a_real_series_arrives_in_its_order() -> None:
    revisions = [build_revision("a"), build_revision("b")]
    assert [(entry.ingest_seq, enter(entry).digest) for entry in list_entries(revisions)] == [
        (0, revisions[0].digest),
        (1, revisions[1].digest),
    ]


@pytest.mark.slow
def test_one_command_measures_and_writes_the_page(tmp_path: Path) -> None:
    command = [sys.executable, "benchmarks/curation.py", "--quick", "--output", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    records = {one["measure"]: one["value"] for one in json.loads((tmp_path / "curation.json").read_text(encoding="utf-8"))}
    assert records["planted pairs of J ≥ .85 found"] > 0.95
    assert records["search for near-duplicates, from text to clusters (median)"] > 0
