"""Where an amended text changes, and that nothing of it is lost."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipelines.evaluate.contrasts import divide, read_contrasts
from pipelines.tables import write_table
from tests.builders.domains import build_row, tabulate_pairs

WORDS = st.lists(st.sampled_from(["the", "report", "is", "due", "in", "7", "30", "days"]), max_size=12).map(" ".join)


@given(WORDS, WORDS)
def test_the_parts_make_up_both_texts(before: str, in_force: str) -> None:
    context, old, new, following = divide(before, in_force)
    assert context + old + "".join(following) == before
    assert context + new + "".join(following) == in_force


@given(WORDS)
def test_equal_texts_have_no_change(text: str) -> None:
    context, old, new, following = divide(text, text)
    assert (context, old, new, following) == (text, "", "", ())


@given(WORDS, WORDS, WORDS)
def test_only_what_differs_is_the_change(start: str, old: str, end: str) -> None:
    _, found, new, _ = divide(f"{start} OLD {old} GONE {end}", f"{start} NEW {end}")
    assert found.split()[0] == "OLD"
    assert found.split()[-1] == "GONE"
    assert new.split() == ["NEW"]


def test_a_text_that_only_loses_words_is_compared_by_what_follows(tmp_path: Path) -> None:
    row = build_row("train", 1, title="Rule 1")
    write_table(tmp_path / "pairs.parquet", tabulate_pairs([row], [("Pay at once in cash today.", "Pay at once today.")]))
    pair = read_contrasts(tmp_path / "pairs.parquet")[0].ask(1)
    assert (pair.question, pair.text_before, pair.text_in_force) == ("Rule 1. Pay at once", " in cash today.", " today.")


def test_a_document_whose_labels_alone_changed_is_not_of_text(tmp_path: Path) -> None:
    rows = [build_row("train", number, title="Rule") for number in range(2)]
    write_table(tmp_path / "pairs.parquet", tabulate_pairs(rows, [("Same.", "Same."), ("Old.", "New.")]))
    found = {contrast.document.row_id: contrast.is_of_text for contrast in read_contrasts(tmp_path / "pairs.parquet")}
    assert found == {rows[0].digest: False, rows[1].digest: True}


def test_the_document_reads_as_it_was_trained_on(tmp_path: Path) -> None:
    row = build_row("train", 1, title="Rule 1.")
    write_table(tmp_path / "pairs.parquet", tabulate_pairs([row], [("Old.", "Rule 1. New.")]))
    assert read_contrasts(tmp_path / "pairs.parquet")[0].document.text == "Rule 1. New."
