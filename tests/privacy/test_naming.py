"""People are told by the words around them and by the shape of their names, without a list of names."""

from __future__ import annotations

import time

import pytest

from pipelines.privacy.mentions import unite
from pipelines.privacy.naming import find_names, repeat_names


def values(text: str) -> list[str]:
    names = find_names(text)
    return [text[one.start : one.end] for one in unite(text, [*names, *repeat_names(text, names)])]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("seen by Dr. Feld today", ["Feld"]),
        ("Dr. Long and Mr. Young", ["Long", "Young"]),
        ("Mrs. O'Connor-Walsh left", ["O'Connor-Walsh"]),
        ("a man named Tobias Okafor", ["Tobias Okafor"]),
        ("Patient Name: WALSH, EDITH", ["WALSH, EDITH"]),
        ("pt name ilse novak, seen", ["ilse novak"]),
        ("a 34-year-old woman, Ilse Novak, with MS", ["Ilse Novak"]),
        ("a 55yo male, Oscar P., seen", ["Oscar P."]),
        ("see Oscar M's case", ["Oscar M"]),
        ("J. Kowalski, RN, called", ["J. Kowalski"]),
        ("his wife Anna-Lena van der Berg agrees", ["Anna-Lena van der Berg"]),
        ("similar to Marcus Tanaka", ["Marcus Tanaka"]),
        ("Mr. Gerald Abbott fell. Abbott's son called; Gerald slept.", ["Gerald Abbott", "Abbott", "Gerald"]),
        ("Name: EDITH WALSH. Edith is well.", ["EDITH WALSH", "Edith"]),
    ],
)
def test_finds_a_person_and_nothing_around_it(text: str, names: list[str]) -> None:
    assert values(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "Vitamin D. was low", "Hepatitis B, who", "Atrial Fibrillation, Heart Failure, and COPD",
        "Type 2 Diabetes Mellitus, Stage III",
        "Type I. diabetes", "for African American men", "treated with Humira", "Chief Complaint: Chest Pain.", "Grade II. tumour",
        "Lung Cancer, Kidney Disease", "Discharge Instructions:",
    ],
)  # fmt: skip
def test_takes_no_term_for_a_person(text: str) -> None:
    assert values(text) == []


@pytest.mark.parametrize("piece", ["Aa ", "A. ", "Dr. ", "Van De La ", "patient name: ", "A.", "Aa-"])
def test_no_text_takes_long(piece: str) -> None:
    started = time.process_time()
    find_names(piece * 1_000)
    assert time.process_time() - started < 2
