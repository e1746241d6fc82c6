"""Streets, towns, ZIP codes and sites of care are found; states, terms of medicine and studies are no places."""

from __future__ import annotations

import time

import pytest

from pipelines.privacy.mentions import unite
from pipelines.privacy.places import find_sites, find_streets, find_towns


def values(text: str) -> list[str]:
    found = unite(text, [*find_streets(text), *find_sites(text), *find_towns(text)])
    return [text[one.start : one.end] for one in found]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("lives at 48 Harbour Rd, Apt 3B, Gloucester, MA 01930.", ["48 Harbour Rd, Apt 3B", "Gloucester", "01930"]),
        ("P.O. Box 1204 in Bemidji", ["P.O. Box 1204", "Bemidji"]),
        ("zip code 03601 only", ["03601"]),
        ("seen at St. Agnes Medical Center today", ["St. Agnes Medical Center"]),
        ("the Children's Hospital of Oakdale", ["Children's Hospital of Oakdale"]),
        ("treated at UCXF in May", ["UCXF"]),
        ("admitted to Addison General by ambulance", ["Addison General"]),
        ("Transferred from Mercy to St. Vincent's.", ["Mercy", "St. Vincent's"]),
        ("visited our Tucson office", ["Tucson office"]),
        ("seen by Dr. Feld in San Fran on", ["San Fran"]),
        ("moved from Duluth to Fargo, ND", ["Duluth", "Fargo"]),
        ("she lives near Bemidji with a cat", ["Bemidji"]),
    ],
)
def test_finds_a_place_and_nothing_around_it(text: str, places: list[str]) -> None:
    assert values(text) == places


@pytest.mark.parametrize(
    "text",
    [
        "a man in Vermont", "the patient from Mexico", "American College of Cardiology guidelines", "World Health Organization",
        "findings from the GUSTO trial", "in COPD and Heart Failure", "referred to Cardiology", "admitted to ICU", "at Stage IV",
        "according to the 2023 JAMA article", "history of Lyme disease", "seen in 2022",
    ],
)  # fmt: skip
def test_takes_nothing_else_for_a_place(text: str) -> None:
    assert values(text) == []


@pytest.mark.parametrize("piece", ["A", "Aa ", "A'", "A-", "at A of the ", "seen ", "A and ", "123 Aa Bb Cc "])
def test_no_text_takes_long(piece: str) -> None:
    started = time.process_time()
    values(piece * 1_000)
    assert time.process_time() - started < 2
