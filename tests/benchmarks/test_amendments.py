"""An update is measured on what it was taught and on what it never sees again, and what was measured once is kept."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.amendments import ARMS, QUICK, RECIPE, open_bench
from benchmarks.amendments_arms import Arm, Bench, Reading, gather_material, plan_update, read_arm, read_before
from benchmarks.amendments_page import Measured, build_page, find_interval, find_loss, list_measures
from benchmarks.amendments_paragraphs import Numbers, Paragraphs, invent_paragraphs, read_paragraphs
from benchmarks.measures import Occasion
from benchmarks.pages import write_page
from pipelines.domain.reading import compose_text
from pipelines.domain.scorecards import Slice
from pipelines.learners.rows import Row
from pipelines.settings import Settings
from tests.builders.paragraphs import FEW, build_change, build_changes, build_version, build_versions, write_paragraphs

ROOT = Path(__file__).parents[2]
SMALL = Numbers(amended=6, earlier=3, replayable=6, untouched=4)
DATA = Settings().data / "cfpb_revisions"


@pytest.fixture
def paragraphs(tmp_path: Path) -> Paragraphs:
    return read_paragraphs(write_paragraphs(tmp_path / "data", build_changes(), build_versions()), FEW)


def ids(rows: tuple[Row, ...] | list[Row]) -> set[str]:
    return {row.document.row_id for row in rows}


def build_reading(amended: tuple[float, ...] = (1.0, 0.0), **fields: object) -> Reading:
    numbers = {"untouched": 1.0, "replayable": 0.9, "general": 1.2, "rows": 32, "steps": 3, "replayed": 1, "seconds": 2.0}
    return Reading(**{"amended": amended, "earlier": (1.0,), **numbers, **fields})  # type: ignore[arg-type]


def test_draws_the_same_whatever_the_order_of_the_files(paragraphs: Paragraphs, tmp_path: Path) -> None:
    other = write_paragraphs(tmp_path / "other", build_changes()[::-1], build_versions()[::-1])
    assert read_paragraphs(other, FEW) == paragraphs


def test_draws_as_many_as_are_wanted(paragraphs: Paragraphs) -> None:
    found = [len(part) for part in (paragraphs.amended, paragraphs.earlier, paragraphs.replayable, paragraphs.untouched)]
    assert found == [4, 2, 3, 3]


def test_what_is_untouched_is_learned_first_and_shown_by_no_update(paragraphs: Paragraphs) -> None:
    untouched = ids(paragraphs.untouched)
    assert untouched <= ids(paragraphs.known)
    assert not untouched & ids(paragraphs.history)
    for share in (0.0, 0.5, 0.9):
        news, history = plan_update(paragraphs, share, 0)
        assert not untouched & ids([*news, *history])


def test_the_new_text_is_news_and_the_old_is_never_replayed(paragraphs: Paragraphs) -> None:
    old, new = ids([one.old_row for one in paragraphs.amended]), ids([one.new_row for one in paragraphs.amended])
    assert old <= ids(paragraphs.known)
    assert not new & ids(paragraphs.known)
    assert not old & ids(paragraphs.history)


def test_earlier_amendments_are_learned_as_they_stand_now(paragraphs: Paragraphs) -> None:
    assert ids([one.new_row for one in paragraphs.earlier]) <= ids(paragraphs.known)
    assert not ids([one.old_row for one in paragraphs.earlier]) & ids(paragraphs.known)


@pytest.mark.parametrize(("share", "replayed"), [(0.0, 0), (0.05, 3), (0.1, 6), (0.25, 16)])
def test_replay_is_the_share_of_the_lesson_that_is_history(share: float, replayed: int) -> None:
    plenty = invent_paragraphs(Numbers(amended=48, earlier=10, replayable=40, untouched=2))
    news, history = plan_update(plenty, share, 0)
    assert (len(news), len(history)) == (48, replayed)


@pytest.mark.parametrize(
    "useless",
    [
        {"change": "added"},
        {"new_document": "another"},
        {"new_effective": "2019-01-01"},
        {"new_text": "Too short."},
        {"new_text": "An institution shall report  item 99 within seven days of its receipt."},
        {"new_text": "word " * 31},
    ],
)
def test_what_is_of_no_use_is_not_drawn(useless: dict[str, str], tmp_path: Path) -> None:
    changes = [change for change in build_changes() if change["part"] == "1005"]
    changes += [build_change(99, **useless), *(build_change(number) for number in range(4))]
    found = read_paragraphs(write_paragraphs(tmp_path, changes, build_versions()), FEW)
    assert "12 CFR 1003-99" not in {one.title for one in found.amended}


def test_a_paragraph_amended_twice_on_a_day_is_drawn_once(tmp_path: Path) -> None:
    again = build_change(1, new_text="An institution shall report item 1 within ninety days of its receipt.")
    found = read_paragraphs(write_paragraphs(tmp_path, [*build_changes(), again], build_versions()), replace(FEW, amended=8))
    titles = [one.title for one in found.amended]
    assert len(titles) == len(set(titles)) == 8


def test_a_paragraph_with_a_second_version_is_not_untouched(tmp_path: Path) -> None:
    versions = [*build_versions()[:6], build_version(99), build_version(99, effective="2013-01-01")]
    found = read_paragraphs(write_paragraphs(tmp_path, build_changes(), versions), FEW)
    assert not any("1005-99" in row.document.text for row in (*found.untouched, *found.replayable))


def test_too_few_paragraphs_are_refused_by_name(tmp_path: Path) -> None:
    folder = write_paragraphs(tmp_path, build_changes(), build_versions()[:5])
    with pytest.raises(SystemExit, match="2 untouched"):
        read_paragraphs(folder, FEW)


def test_without_the_data_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="ADDENDUM_DATA"):
        read_paragraphs(tmp_path, FEW)


def test_pairs_are_made_as_evaluation_makes_them(paragraphs: Paragraphs, tmp_path: Path) -> None:
    material = gather_material(paragraphs, tmp_path)
    by_id = {contrast.document.row_id: contrast for contrast in material.contrasts}
    assert set(by_id) == {one.key for one in (*paragraphs.amended, *paragraphs.earlier)}
    for one in (*paragraphs.amended, *paragraphs.earlier):
        contrast = by_id[one.key]
        assert (contrast.before, contrast.in_force) == (" seven", " thirty")
        assert contrast.context.startswith(f"{one.title}. An institution")
        assert contrast.document.text == compose_text(one.title, one.in_force)
    assert material.rows[Slice.HOLDOUT] == paragraphs.untouched


def test_the_digest_is_of_every_text(paragraphs: Paragraphs) -> None:
    others = [
        replace(paragraphs, amended=paragraphs.amended[1:]),
        replace(paragraphs, earlier=paragraphs.earlier[1:]),
        replace(paragraphs, untouched=paragraphs.untouched[1:]),
        replace(paragraphs, earlier=(replace(paragraphs.earlier[0], before="Otherwise."), *paragraphs.earlier[1:])),
    ]
    assert len({one.digest for one in (paragraphs, *others)}) == 5


def test_another_recipe_or_text_is_another_model(paragraphs: Paragraphs, tmp_path: Path) -> None:
    bench = Bench(paragraphs=paragraphs, recipe=QUICK, folder=tmp_path)
    others = [
        replace(bench, recipe=replace(QUICK, seed=1)),
        replace(bench, recipe=replace(QUICK, cold=QUICK.cold.model_copy(update={"epochs": 1}))),
        replace(bench, paragraphs=replace(paragraphs, untouched=paragraphs.untouched[1:])),
    ]
    assert len({one.key for one in (bench, *others)}) == 4
    assert bench.key == replace(bench, folder=tmp_path / "elsewhere").key


def test_an_update_turns_what_was_amended_and_is_kept(tmp_path: Path) -> None:
    bench = Bench(paragraphs=invent_paragraphs(SMALL), recipe=QUICK, folder=tmp_path)
    before, arm = read_before(bench), Arm(way="full", share=0.25)
    after = read_arm(bench, arm)
    assert before.currency <= 0.5
    assert after.currency >= 0.9
    assert (after.replayed, before.replayed) == (2, 0)
    assert len(after.amended) == 6
    assert len(after.earlier) == 3
    (bench.model / "model.safetensors").unlink()
    assert (read_before(bench), read_arm(bench, arm)) == (before, after)
    with pytest.raises(OSError, match="model"):
        read_arm(bench, Arm(way="full", share=0.0))


def test_arms_are_both_ways_with_every_share() -> None:
    assert [arm.name for arm in ARMS[:2]] == ["full, replay 0%", "full, replay 5%"]
    assert len(set(ARMS)) == 8
    assert RECIPE.full.adapter is None
    assert RECIPE.lora.adapter is not None


def test_a_reading_counts_what_is_preferred() -> None:
    reading = build_reading((1.0, 0.0, 1.0, 1.0), earlier=(0.0, 1.0))
    assert (reading.currency, reading.currency_of_earlier) == (0.75, 0.5)


def test_a_loss_is_told_in_per_cent() -> None:
    assert find_loss(1.0, 1.01) == pytest.approx(1.0)
    assert find_loss(2.0, 1.0) == pytest.approx(-50.0)


def test_an_interval_is_that_of_wilson() -> None:
    assert find_interval((1.0,) * 81 + (0.0,) * 182) == pytest.approx((0.2553, 0.3662), abs=2e-4)
    assert find_interval((1.0,) * 5) == pytest.approx((0.5655, 1.0), abs=1e-3)


def test_goals_are_of_currency_before_and_after_and_of_what_it_costs() -> None:
    arm = Arm(way="LoRA", share=0.1)
    measured = Measured(before=build_reading((1.0, 1.0)), after={arm: build_reading((1.0,) * 9 + (0.0,), untouched=1.02)})
    by_name = {one.measure: one.met for one in list_measures(measured)}
    assert by_name == {
        "currency on amended paragraphs before the update": False,
        "currency on amended paragraphs, LoRA, replay 10%": True,
        "more bits per byte on untouched paragraphs, LoRA, replay 10%": False,
        "currency on what was amended earlier, LoRA, replay 10%": None,
    }


def test_the_page_shows_every_arm(tmp_path: Path) -> None:
    measured = Measured(before=build_reading(), after={arm: build_reading() for arm in ARMS})
    write_page(build_page(measured), tmp_path, Occasion(machine="one", date="2026-11-30"))
    page = (tmp_path / "amendments.md").read_text(encoding="utf-8")
    assert all(f"| {arm.name} |" in page for arm in ARMS)
    assert "</svg>" in (tmp_path / "amendments.svg").read_text(encoding="utf-8")


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="needs the folder of real data (ADDENDUM_DATA)")
def test_the_real_amendment_has_enough_pairs(tmp_path: Path) -> None:
    paragraphs = open_bench(tmp_path, is_quick=False).paragraphs
    assert len(paragraphs.amended) >= 40
    assert len(paragraphs.untouched) >= 32
    assert all(one.title.startswith("12 CFR 1003-") for one in paragraphs.amended)


@pytest.mark.slow
def test_one_command_prints_the_table_and_writes_nothing_over_the_docs(tmp_path: Path) -> None:
    command = [sys.executable, "benchmarks/amendments.py", "--quick", "--output", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "| currency on amended paragraphs, LoRA, replay 25% | 1 of pairs" in done.stdout
    records = json.loads((tmp_path / "amendments.json").read_text(encoding="utf-8"))
    assert len(records) == 1 + 3 * len(ARMS)
