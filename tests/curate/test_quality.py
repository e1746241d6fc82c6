"""What is no prose leaves, for a reason that is kept; prose, law and abstracts stay; and no text is ever altered."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.curate.params import CurateParams
from pipelines.curate.quality import (
    FilterRepetition,
    FilterSymbols,
    measure_repeated_ngrams,
    measure_repeated_parts,
    measure_top_ngram,
)
from pipelines.curate.rows import Row
from tests.builders.curations import build_row, invent_words

PROSE = (
    "A bank must keep the record for five years after the account is closed. The examiner may ask for it at any time, and the "
    "bank answers within ten business days. Where a customer objects to an entry, both the entry and the objection are kept, "
    "and neither is shown to a third party without a written order of the court that has jurisdiction over the matter."
)
PARAGRAPHS = "\n\n".join(
    ["Read on in the next part."] * 4
    + ["\n".join(" ".join(invent_words(10 * part + line, 8)) for line in range(9)) for part in range(5)]
)
WORDS = st.lists(st.sampled_from(["the", "bank", "must", "keep", "records", "of", "#", "7.5", "…"]), max_size=90)
STEPS = st.sampled_from([FilterRepetition(), FilterSymbols(), FilterRepetition(minimum_words=1)])


def build(text: str) -> Row:
    return build_row(title="", text=text)


def reason(step: FilterRepetition | FilterSymbols, text: str) -> str | None:
    result = step.apply([build(text)])
    return result.removals[0].reason if result.removals else None


@pytest.mark.parametrize("step", [FilterRepetition(), FilterSymbols()], ids=lambda step: step.kind)
def test_prose_stays(step: FilterRepetition | FilterSymbols) -> None:
    assert reason(step, PROSE) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n".join([*["Print this page or share it with a friend."] * 6, PROSE]), "repeats its lines"),
        (PARAGRAPHS, "repeats its paragraphs"),
        (" ".join(["buy now", *invent_words(1, 40)] + ["buy now"] * 20), "repeats one phrase"),
        (" ".join([*invent_words(2, 60), *invent_words(2, 40)]), "repeats its phrases"),
    ],
)
def test_a_text_that_repeats_itself_leaves_and_the_reason_says_how(text: str, said: str) -> None:
    assert reason(FilterRepetition(), text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("#news #rules #banks " * 20, "too many symbols"),
        ("rule 12 34.5 678 9 1011 12.13 1415 amended " * 5, "too few words with letters"),
        ("a b c d e f g h i j " * 5, "words of an unusual length"),
        ("Aktiengesellschaftsvertragsänderung Rindfleischetikettierungsüberwachung " * 5, "words of an unusual length"),
        ("\n".join(f"- point {name} of the agenda" for name in "abcdefghij"), "all bullets"),
        ("\n".join(["The committee met and then decided that all of them should …"] * 2 + [PROSE]), "lines that are cut off"),
    ],
)
def test_a_text_that_is_no_prose_leaves_and_the_reason_says_by_what(text: str, said: str) -> None:
    assert reason(FilterSymbols(), text) == said


def test_stop_words_are_asked_for_only_where_a_domain_wants_them() -> None:
    listed = "Aspirin 500 mg tablets, lot recalled, firm notified, consignees informed, product destroyed"
    assert reason(FilterSymbols(), listed) is None
    assert reason(FilterSymbols(stop_words=2), listed) == "too few stop words"
    assert reason(FilterSymbols(stop_words=2), f"{listed}. The firm, and that of the maker.") is None


def test_a_text_without_words_leaves() -> None:
    assert reason(FilterSymbols(), "  \n ") == "no words"


def test_a_short_text_is_not_read_for_repetition() -> None:
    assert reason(FilterRepetition(), "no no no no no") is None
    assert reason(FilterRepetition(minimum_words=5), "no no no no no") == "repeats one phrase"


@settings(max_examples=80)
@given(texts=st.lists(WORDS.map(" ".join), max_size=6), step=STEPS, order=st.randoms(use_true_random=False))
def test_a_row_stays_or_leaves_whatever_stands_beside_it_and_a_second_time_changes_nothing(
    texts: list[str], step: FilterRepetition | FilterSymbols, order: object
) -> None:
    rows = [build_row(f"d{number}", title="", text=text) for number, text in enumerate(texts)]
    result = step.apply(rows)
    assert [*result.rows] == [row for row in rows if step.apply([row]).rows == (row,)]
    assert {row.digest for row in rows} == {row.digest for row in result.rows} | {one.digest for one in result.removals}
    assert step.apply(result.rows) == type(result)(rows=result.rows)
    shuffled = list(rows)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert {row.digest for row in step.apply(shuffled).rows} == {row.digest for row in result.rows}


@given(words=WORDS, n=st.integers(1, 6))
def test_shares_are_shares_and_nothing_is_repeated_where_every_word_is_new(words: list[str], n: int) -> None:
    for share in (measure_top_ngram(words, n), measure_repeated_ngrams(words, n), *measure_repeated_parts(words)):
        assert 0 <= share <= 1
    fresh = invent_words(0, len(words))
    assert (measure_top_ngram(fresh, n), measure_repeated_ngrams(fresh, n)) == (0, 0)
    assert measure_repeated_parts(fresh) == (0, 0)


def test_shares_are_of_letters() -> None:
    assert measure_top_ngram(["aa", "bb", "aa", "bb", "cccc"], 2) == pytest.approx(8 / 12)
    assert measure_repeated_ngrams(["aa", "bb", "aa", "bb", "cccc"], 2) == pytest.approx(4 / 12)
    assert measure_repeated_parts(["aa", "bbbb", "aa"]) == (pytest.approx(1 / 3), pytest.approx(2 / 8))


def test_both_are_steps_of_params() -> None:
    params = CurateParams.model_validate({"steps": [{"kind": "filter_repetition"}, {"kind": "filter_symbols"}]})
    assert [step.kind for step in params.plan] == ["filter_repetition", "filter_symbols"]


@pytest.mark.parametrize(
    "step",
    [
        {"kind": "filter_symbols", "bullet_lines": 2},
        {"kind": "filter_repetition", "top_ngrams": {2: 7.0}},
        {"kind": "filter_repetition", "repeated_ngrams": {0: 0.5}},
    ],
)
def test_a_bound_that_is_no_share_and_runs_of_no_words_are_refused(step: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CurateParams.model_validate({"steps": [step]})


def test_hashes_and_ellipses_are_counted_apart() -> None:
    text = " ".join(["#tag"] * 9 + ["and…"] * 9 + ["word"] * 82)
    assert reason(FilterSymbols(), text) is None
    assert reason(FilterSymbols(symbols_per_word=0.08), text) == "too many symbols"
