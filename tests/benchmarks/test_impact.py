"""A world of a few hundred documents gives the answers that it was built to give, and the page tells misses like hits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.impact import check_answers, search_lists, time_each
from benchmarks.impact_page import Asked, build_page, list_measures
from benchmarks.impact_world import DOMAIN, Size, build_world, name_document
from benchmarks.measures import Occasion
from benchmarks.pages import write_page
from flows.impacts import Reign, trace_document
from pipelines.domain.events import Kind

SMALL = Size(documents=400, drops=4, candidates=3)


def build_asked(slowest: float = 0.2) -> Asked:
    return Asked(
        size=Size(),
        scattered=(0.1, slowest),
        compacted=(0.1, 0.1),
        searched=(9.0,),
        as_of=(0.2,),
        commands=(3.0,),
    )


def test_a_small_world_answers_as_it_was_built(tmp_path: Path) -> None:
    place = build_world(tmp_path, SMALL)
    assert len(place.corpus(DOMAIN).known_digests()) == SMALL.documents
    check_answers(place, SMALL)
    (found,) = trace_document(place, name_document(0))
    assert [(one.reign, one.aliases) for one in found.witnesses] == [
        (Reign.SERVED, ()),
        (Reign.SERVED, ("previous",)),
        (Reign.SERVES, ("champion",)),
    ]
    search_lists(place, name_document(0))


def test_a_wrong_answer_stops_the_benchmark(tmp_path: Path) -> None:
    place = build_world(tmp_path, SMALL)
    event = place.ledger.events(DOMAIN, [Kind.CANDIDATE_JUDGED])[-1]
    named = event.payload["evidence"]
    payload = {**event.payload, "evidence": {name: digest for name, digest in dict(named).items() if "asked" not in name}}  # type: ignore[arg-type, call-overload]
    place.ledger.append(DOMAIN, Kind.CANDIDATE_JUDGED, payload)
    with pytest.raises(AssertionError, match="document"):
        check_answers(place, SMALL)


def test_the_first_question_is_not_timed() -> None:
    asked: list[str] = []
    seconds = time_each([name_document(number) for number in range(3)], asked.append)
    assert (len(seconds), len(asked)) == (3, 4)


def test_the_goal_is_below_a_second_for_the_slowest_answer() -> None:
    met = {one.measure: one.met for one in list_measures(build_asked(slowest=1.0)) if one.goal}
    assert list(met.values()) == [False, True]


def test_the_page_is_written_with_its_figures(tmp_path: Path) -> None:
    write_page(build_page(build_asked()), tmp_path, Occasion(machine="a machine", date="2026-01-01"))
    records = json.loads((tmp_path / "impact.json").read_text())
    assert [record["value"] for record in records] == [0.2, 0.1, 0.1, 9.0, 0.2, 3.0]
    assert "1,000,000 documents" in (tmp_path / "impact.md").read_text()
    assert (tmp_path / "impact.svg").is_file()
