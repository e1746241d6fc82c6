"""Each change is the same for the same seed, changes what it says and keeps everything else."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.audit.perturbations import DATE, NEIGHBOURS, TYPED_SHARE, Perturbation, negate, perturb, read_date

TEXTS = st.text(max_size=200) | st.lists(
    st.sampled_from(["The", "report", "is", "not", "within", "30", "days", "of", "March 5, 2024", "2024-02-30", "naïve", "."]),
    max_size=30,
).map(" ".join)
SEEDS = st.integers(0, 2**60)
EVERYTHING = "The report was due on March 5, 2024, within 30 days of publication."
every_kind = pytest.mark.parametrize("kind", list(Perturbation))


def list_days(text: str) -> list[date | None]:
    return [read_date(found) for found in DATE.finditer(text)]


def differ(before: str, after: str) -> list[tuple[str, str]]:
    assert len(before) == len(after)
    return [(old, new) for old, new in zip(before, after, strict=True) if old != new]


@every_kind
def test_finds_something_to_change_in_a_plain_sentence(kind: Perturbation) -> None:
    assert perturb(kind, EVERYTHING, 1) != EVERYTHING


@every_kind
@pytest.mark.parametrize("text", ["", "¿…?", "漢字"])
def test_a_text_with_nothing_to_change_stays(kind: Perturbation, text: str) -> None:
    assert perturb(kind, text, 1) == text


@given(TEXTS, SEEDS, st.sampled_from(Perturbation))
def test_the_same_seed_gives_the_same_change(text: str, seed: int, kind: Perturbation) -> None:
    assert perturb(kind, text, seed) == perturb(kind, text, seed)


@given(TEXTS, SEEDS)
def test_a_typing_error_is_a_neighbour_on_the_keyboard_and_never_a_words_first_letter(text: str, seed: int) -> None:
    typed = perturb(Perturbation.TYPOS, text, seed)
    changes = differ(text, typed)
    assert all(new.lower() in NEIGHBOURS[old.lower()] and new.isupper() == old.isupper() for old, new in changes)
    words = len(re.findall(r"[^\W\d_]+", text))
    assert len(changes) <= max(TYPED_SHARE * words + 0.5, 1)
    firsts = [found.start() for found in re.finditer(r"[^\W\d_]+", text)]
    assert [text[at] for at in firsts] == [typed[at] for at in firsts]


def test_neighbours_are_mutual_or_nearly_so_and_nobody_is_his_own() -> None:
    assert set(NEIGHBOURS) == set("abcdefghijklmnopqrstuvwxyz")
    assert all(key not in beside for key, beside in NEIGHBOURS.items())


@given(TEXTS, SEEDS)
def test_case_changes_nothing_but_case(text: str, seed: int) -> None:
    changed = perturb(Perturbation.CASE, text, seed)
    assert all(old.isascii() and old.lower() == new.lower() for old, new in differ(text, changed))
    plain = "".join(char for char in changed if char.isascii())
    assert plain in (plain.lower(), plain.upper())


FORMS = ("{:%Y-%m-%d}", "{0:%B} {0.day}, {0.year}", "{0.day} {0:%B} {0.year}")


@given(st.dates(date(1000, 1, 1), date(2999, 12, 31)), SEEDS, st.sampled_from(FORMS))
def test_a_date_is_written_otherwise_and_is_the_same_day(day: date, seed: int, form: str) -> None:
    text = f"It applies from {form.format(day)} on."
    changed = perturb(Perturbation.DATES, text, seed)
    assert changed != text
    assert list_days(changed) == [day]


@given(TEXTS, SEEDS)
def test_no_day_of_any_text_is_lost_or_moved(text: str, seed: int) -> None:
    assert list_days(perturb(Perturbation.DATES, text, seed)) == list_days(text)


def test_what_is_no_day_or_may_be_read_two_ways_is_left_alone() -> None:
    text = "2024-02-30, 03/05/2024, 2024-03-051 and May 2024"
    assert perturb(Perturbation.DATES, text, 1) == text


@given(TEXTS, SEEDS)
def test_every_number_is_another_of_the_same_length_and_nothing_else_changes(text: str, seed: int) -> None:
    changed = perturb(Perturbation.NUMBERS, text, seed)
    assert all(old.isdigit() and new.isdigit() for old, new in differ(text, changed))
    before, after = (re.findall(r"[0-9]+", one) for one in (text, changed))
    assert all(old != new and len(old) == len(new) for old, new in zip(before, after, strict=True))


@given(TEXTS)
def test_a_negation_twice_is_none(text: str) -> None:
    generator = np.random.default_rng(0)
    once = negate(text, generator)
    assert negate(once, generator) == text
    assert once == text or {len(once) - len(text)} <= {4, -4}


@pytest.mark.parametrize(
    ("text", "negated"),
    [
        ("The device is safe and was recalled.", "The device is not safe and was recalled."),
        ("It MUST NOT be used.", "It MUST be used."),
        ("An island of notes.", "An island of notes."),
        ("It may nothing.", "It may not nothing."),
    ],
)
def test_the_first_auxiliary_verb_is_negated(text: str, negated: str) -> None:
    assert perturb(Perturbation.NEGATION, text, 3) == negated
