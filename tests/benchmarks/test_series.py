"""A series comes in drops of a year, sampled the same each time, and no family of it straddles a split."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from benchmarks.currency_arms import SIZES, Arm, build_params, choose_training
from benchmarks.series import (
    ORIGINS,
    SYNTHETIC,
    Item,
    Origin,
    Series,
    build_series,
    cut_into_drops,
    make_drifting_items,
    read_items,
    sample_items,
)
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import DomainName
from pipelines.settings import Settings
from pipelines.split.assignments import assign_family
from tests.builders.replays import build_item

RECALLS = DomainName("fda_recalls")


def write_rows(path: Path, *rows: dict[str, object]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines(f"{json.dumps(row)}\n" for row in rows)
    return path


def build_labelled(counts: dict[str, int], year: int = 2001) -> list[Item]:
    labels = [label for label, count in counts.items() for _ in range(count)]
    return [
        build_item(number + 1000 * year, label=label, published=date(year, 3, 1), family=f"{year}-{number // 2}")
        for number, label in enumerate(labels)
    ]


def test_a_family_is_read_from_the_field_that_the_series_names(tmp_path: Path) -> None:
    row = {"id": "a", "date": "2012-06-20", "text": "recalled", "label": "Class I", "event_id": 77}
    write_rows(tmp_path / ORIGINS[RECALLS].file, row)
    (item,) = read_items(ORIGINS[RECALLS], tmp_path)
    assert item == Item(document_id="a", family="77", published=date(2012, 6, 20), text="recalled", label="Class I")


def test_a_year_alone_is_its_first_day(tmp_path: Path) -> None:
    write_rows(tmp_path / "years.jsonl.gz", {"id": "a", "date": "1993", "text": "t", "label": "l"})
    (item,) = read_items(Origin(file="years.jsonl.gz", family="id", first=1), tmp_path)
    assert item.published == date(1993, 1, 1)


def test_says_which_file_is_missing_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"recall_class\.jsonl\.gz is missing: set ADDENDUM_DATA"):
        read_items(ORIGINS[RECALLS], tmp_path)


def test_sampling_keeps_the_proportions_of_labels_in_every_year() -> None:
    items = [*build_labelled({"alpha": 60, "beta": 30, "gamma": 10}), *build_labelled({"alpha": 10, "beta": 90}, year=2002)]
    chosen = sample_items(items, 20)
    assert Counter((item.published.year, item.label) for item in chosen) == {
        (2001, "alpha"): 12,
        (2001, "beta"): 6,
        (2001, "gamma"): 2,
        (2002, "alpha"): 2,
        (2002, "beta"): 18,
    }


def test_sampling_does_not_depend_on_the_order_and_grows_within_each_label() -> None:
    items = build_labelled({"alpha": 30, "beta": 30})
    assert sample_items(items, 20) == sample_items(items[::-1], 20)
    assert set(sample_items(items, 10)) < set(sample_items(items, 20))
    assert set(sample_items(items, None)) == set(items)


def test_the_first_years_are_one_drop_and_every_other_year_one_of_its_own() -> None:
    items = [build_item(year, published=date(year, 5, 1)) for year in range(2000, 2006)]
    drops = cut_into_drops(SYNTHETIC, items, 3)
    assert [(drop.number, drop.name, len(drop.revisions)) for drop in drops] == [
        (0, "2000–2002", 3),
        (1, "2003", 1),
        (2, "2004", 1),
        (3, "2005", 1),
    ]
    assert [drop.ends_at.year for drop in drops] == [2002, 2003, 2004, 2005]


def test_no_document_of_a_later_year_is_in_an_earlier_drop() -> None:
    series = build_series(SYNTHETIC, make_drifting_items(5, 12), 2, None)
    for drop in series.drops:
        assert {revision.published_at.year for revision in drop.revisions} == set(range(drop.first, drop.last + 1))
    ids = [revision.digest for drop in series.drops for revision in drop.revisions]
    assert len(ids) == len(set(ids)) == 60


def test_another_sample_is_another_series() -> None:
    items = make_drifting_items(4, 12)
    assert build_series(SYNTHETIC, items, 2, 6).digest != build_series(SYNTHETIC, items, 2, 9).digest
    assert build_series(SYNTHETIC, items, 2, 6).digest == build_series(SYNTHETIC, items[::-1], 2, 6).digest


def test_the_synthetic_series_drifts_and_is_the_same_each_time() -> None:
    items = make_drifting_items(6, 30)
    assert items == make_drifting_items(6, 30)
    words = {
        year: {word for item in items if item.published.year == 2000 + year for word in item.text.split() if "filler" not in word}
        for year in (0, 1, 5)
    }
    assert words[0] & words[1]
    assert not words[0] & words[5]


def split_events(series: Series) -> dict[str, set[str]]:
    size = SIZES[series.name]
    split = build_params(series, size, choose_training(Arm.FULL, size, 0, 1, is_warm=False)).split
    places: dict[str, set[str]] = {}
    for drop in series.drops:
        for revision in drop.revisions:
            places.setdefault(revision.family_id, set()).add(assign_family(split.key, revision.family_id, split.shares))
    return places


def test_no_event_straddles_a_split() -> None:
    items = [build_item(number, family=f"event {number // 3}", label=f"Class {number % 3}") for number in range(300)]
    places = split_events(build_series(RECALLS, items, 1, None))
    assert len(places) == 100
    assert all(len(splits) == 1 for splits in places.values())
    assert len(set.union(*places.values())) == 4


@pytest.mark.data
@pytest.mark.parametrize("name", list(ORIGINS))
def test_real_series_are_whole_and_dated_in_order(name: DomainName) -> None:
    if not (Settings().data / ORIGINS[name].file).is_file():
        pytest.skip("the folder of real data is absent")
    items = read_items(ORIGINS[name], Settings().data)
    assert [item.published.year for item in items] == sorted(item.published.year for item in items)
    assert all(item.text.strip() and item.label and item.family for item in items)
    series = build_series(name, items, ORIGINS[name].first, SIZES[name].rows)
    assert all(len(drop.revisions) == SIZES[name].rows for drop in series.drops[1:])
    if name == RECALLS:
        by_event = Counter(item.family for item in items)
        assert max(by_event.values()) > 1, "an event spans several rows, so the family must be the event"
