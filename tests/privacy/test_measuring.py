"""A span is found when none of its telling words is left; bounds are exact, and a bad line is named without its text."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.domain.errors import ParamsError
from pipelines.domain.identities import Digest
from pipelines.privacy.measuring import GoldSpan, GoldText, Reading, bound_recall, is_covered, read_gold, summarise
from pipelines.privacy.mentions import Mention, MentionKind
from pipelines.privacy.reports import DECIDABLE

TEXT = "Dr. Feld of Springfield, IL wrote."


def build_mention(value: str) -> Mention:
    start = TEXT.index(value)
    return Mention(start=start, end=start + len(value), kind=MentionKind.NAME)


def build_span(value: str, kind: str = "NAME") -> GoldSpan:
    start = TEXT.index(value)
    return GoldSpan(type=kind, start=start, end=start + len(value))


@pytest.mark.parametrize(
    ("span", "mention", "is_found"),
    [("Dr. Feld", "Feld", True), ("Springfield, IL", "Springfield", True), ("Springfield, IL", "Spring", False),
     ("Feld", "Springfield", False)],
)  # fmt: skip
def test_titles_and_states_may_stay_and_half_a_word_may_not(span: str, mention: str, is_found: bool) -> None:  # noqa: FBT001
    assert is_covered(TEXT, build_span(span), [build_mention(mention)]) is is_found


def test_a_span_of_nothing_but_such_words_must_be_covered_itself() -> None:
    assert not is_covered(TEXT, build_span("IL"), [])


def test_fifty_nine_spans_are_the_fewest_that_can_show_95_percent() -> None:
    assert bound_recall(DECIDABLE, DECIDABLE) >= 0.95 > bound_recall(DECIDABLE - 1, DECIDABLE - 1)


@given(st.integers(1, 400).flatmap(lambda spans: st.tuples(st.integers(0, spans), st.just(spans))))
def test_a_bound_is_below_the_share_and_grows_with_it(counts: tuple[int, int]) -> None:
    found, spans = counts
    assert bound_recall(found, spans) <= found / spans
    assert found == spans or bound_recall(found, spans) < bound_recall(found + 1, spans)


def test_a_report_counts_by_class_and_what_was_touched_in_vain() -> None:
    marked = GoldText(id="a", text=TEXT, spans=(build_span("Feld"), build_span("Springfield", "PLACE")))
    clean = GoldText(id="b", text=TEXT)
    readings = [Reading(marked, [build_mention("Feld")]), Reading(clean, [build_mention("Feld")]), Reading(clean, [])]
    report = summarise(readings, screen=True, gold=Digest("a" * 64))
    assert (report.overall.found, report.overall.spans) == (1, 2)
    assert [(one.kind, one.found, one.spans) for one in report.classes] == [("NAME", 1, 1), ("PLACE", 0, 1)]
    assert (report.touched, report.clean) == (1, 2)


def test_reads_lines_packed_or_not_and_leaves_out_what_stands_nowhere(tmp_path: Path) -> None:
    line = {
        "id": "a",
        "text": TEXT,
        "spans": [{"type": "NAME", "start": 4, "end": 8}, {"type": "NAME", "value": "X", "start": None, "end": None}],
    }
    (tmp_path / "gold.jsonl").write_text(json.dumps(line) + "\n\n", encoding="utf-8")
    (tmp_path / "gold.jsonl.gz").write_bytes(gzip.compress(json.dumps(line).encode()))
    for name in ("gold.jsonl", "gold.jsonl.gz"):
        assert [len(one.spans) for one in read_gold(tmp_path / name)] == [1]


@pytest.mark.parametrize(
    "spans", [[{"type": "NAME", "start": 4, "end": 900}], [{"type": "NAME", "start": 8, "end": 4}], [{"start": 1}], "x"]
)
def test_a_bad_line_is_named_and_its_text_is_not_shown(tmp_path: Path, spans: object) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text(json.dumps({"id": "a", "text": TEXT, "spans": spans}), encoding="utf-8")
    with pytest.raises(ParamsError, match="line 1") as caught:
        read_gold(path)
    assert "Feld" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="is missing"):
        read_gold(tmp_path / "none.jsonl")
