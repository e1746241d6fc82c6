"""Numbers, times and names read the same on every machine, and nothing in a text can hide or turn the line around."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.domain.verdicts import Result
from pipelines.promote.dossier import words
from tests.builders.findings import build_finding


def test_a_share_is_told_in_percent_and_its_difference_in_points() -> None:
    assert words.tell_value(0.8744, "accuracy") == "87.4%"
    assert words.tell_change(-0.019, "macro_f1") == "−1.9"
    assert words.unit_of("currency") == "points"


def test_a_metric_of_its_own_unit_keeps_it_and_says_which_way_is_better() -> None:
    assert words.tell_value(1.2345, "bits_per_byte") == "1.234"
    assert words.tell_change(0.0123, "bits_per_byte") == "+0.012"
    assert words.unit_of("bits_per_byte") == "bits a byte (more is better)"
    assert words.unit_of("perplexity") == "the gate's own unit"


def test_a_moment_is_told_in_utc_whatever_zone_it_comes_in() -> None:
    moment = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(hours=9)))
    assert words.tell_moment(elsewhere) == words.tell_moment(moment) == "1 March 2026, 23:30 UTC"


def test_a_date_is_told_in_words_and_anything_else_as_it_is() -> None:
    assert words.tell_date("2026-04-02") == "2 April 2026"
    assert words.tell_date("soon") == "soon"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.34, "0.3 s"), (59.4, "59.4 s"), (61, "1 min 1 s"), (1911.4, "31 min 51 s"), (7380, "2 h 3 min")]
)
def test_a_duration_is_told_as_people_say_it(seconds: float, said: str) -> None:
    assert words.tell_seconds(seconds) == said


@pytest.mark.parametrize(("size", "said"), [(512, "512 bytes"), (1500, "1.5 kB"), (90_888_212, "90.9 MB"), (3 * 10**9, "3.0 GB")])
def test_a_size_is_told_in_the_unit_that_fits(size: int, said: str) -> None:
    assert words.tell_bytes(size) == said


def test_a_share_of_nothing_is_no_number() -> None:
    assert words.tell_share(0, 0) == "–"
    assert words.tell_share(1, 3) == "33%"


def test_things_are_counted_as_people_count_them() -> None:
    assert [words.tell_some(count, "drop") for count in (0, 1, 2, 1200)] == ["no drops", "1 drop", "2 drops", "1,200 drops"]


def test_every_result_has_a_word() -> None:
    assert set(words.RESULTS) == set(Result)
    assert len(set(words.RESULTS.values())) == len(Result)


def test_a_gate_that_is_not_known_keeps_its_own_name() -> None:
    assert words.name_gate("moon_phase") == "Moon phase"
    assert words.name_finding(build_finding("non_inferiority", against="anchor")) == "Not worse than the anchor"


def test_names_stand_in_their_order_and_strangers_after_them() -> None:
    assert words.put_in_order({"b", "zebra", "a", "ape"}, ("b", "a")) == ["b", "a", "ape", "zebra"]


def test_a_mark_that_turns_the_line_around_is_written_out() -> None:
    assert words.show_controls("pay \u202e001\u202c now") == "pay ⟦U+202E⟧001⟦U+202C⟧ now"
    assert words.show_controls("a\x00b\u200bc") == "a⟦U+0000⟧b⟦U+200B⟧c"


@given(st.text())
def test_what_shows_nothing_is_shown_and_the_rest_stays(said: str) -> None:
    shown = words.show_controls(said)
    assert not any(words._is_hidden(char) for char in shown)
    assert "".join(char for char in said if not words._is_hidden(char)) == "".join(_drop_codes(shown, said))


def _drop_codes(shown: str, said: str) -> str:
    for char in sorted({char for char in said if words._is_hidden(char)}):
        shown = shown.replace(f"⟦U+{ord(char):04X}⟧", "")
    return shown
