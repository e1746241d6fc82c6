"""One command replays, prints its goals, and writes the same page and picture from the same numbers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.currency import adjust, name_command, plan_replays, read_arguments
from benchmarks.currency_arms import FULL_SIZES, QUICK, SIZES, Arm
from benchmarks.currency_models import Cost, Model
from benchmarks.currency_page import Board, compose_page
from benchmarks.measures import Occasion
from benchmarks.pages import write_page
from benchmarks.replays import Cell, Outcome
from benchmarks.series import ORIGINS, SYNTHETIC
from pipelines.domain.identities import Digest
from tests.builders.replays import SMALL, build_arms, build_small_series, build_track

ROOT = Path(__file__).parents[2]
OCCASION = Occasion(machine="a processor, 2 cores, Linux", date="2026-11-30")


def build_board() -> Board:
    series = build_small_series(years=5)
    arms = build_arms(
        frozen=build_track([0.5, 0.4, 0.3]), recipe=build_track([0.7, 0.7, 0.7]), full=build_track([0.7, 0.7, 0.7], tokens=900)
    )
    arms[Arm.JUDGED] = build_track([0.5, 0.7, 0.7])
    model = Model(key="one", digest=Digest("d"), drop=0, cost=Cost(tokens=1, padded=1, seconds=1.0))
    cells = tuple(
        Cell(arm=Arm.JUDGED, drop=drop, model=model, spent=model.cost, decision=decision, sentence=f"{decision}: because")
        for drop, decision in enumerate(("promote", "hold", "promote", "refuse"))
    )
    outcome = Outcome(series=series, seed=0, cells=cells, predictions={}, held_out={})
    tracks = {SYNTHETIC: [arms]}
    return Board(outcomes={SYNTHETIC: [outcome]}, tracks=tracks, sizes={SYNTHETIC: SMALL}, command="a command", lead="Of ours.")


def test_the_page_tells_every_year_and_what_the_judge_said(tmp_path: Path) -> None:
    write_page(compose_page(build_board()), tmp_path, OCCASION)
    page = (tmp_path / "currency.md").read_text(encoding="utf-8")
    assert "| 2003 | 0.400 | 0.500 | 0.700 | 0.700 | 0.700 | 0.500 | hold |" in page
    assert "Of 4 candidates the judge promoted 2, held 1 and refused 1" in page
    assert "“refuse: because”" in page
    assert "R[t, i], Addendum's recipe" in page
    assert "Of ours." in page


def test_the_same_numbers_give_the_same_page_and_picture(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_page(compose_page(build_board()), tmp_path / name, OCCASION)
    for file in ("currency.md", "currency.json", "currency.svg"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_every_arm_that_was_scored_is_in_the_picture(tmp_path: Path) -> None:
    write_page(compose_page(build_board()), tmp_path, OCCASION)
    picture = (tmp_path / "currency.svg").read_text(encoding="utf-8")
    for name in ("frozen", "naive fine-tuning", "Addendum's recipe", "full retraining", "TF-IDF, refitted"):
        assert f"<!-- {name} -->" in picture


def test_all_three_series_have_a_size_of_each_kind() -> None:
    assert set(SIZES) == set(FULL_SIZES) == set(ORIGINS)
    assert all(size.rows is None and size.full_every == 1 and size.judged_seeds >= 3 for size in FULL_SIZES.values())


def test_a_size_is_the_command_line_s_where_that_says_so() -> None:
    said = read_arguments(["--rows-per-year", "10", "--max-tokens", "8", "--epochs", "1", "--full-every", "5"])
    size = adjust(SMALL, said)
    assert (size.rows, size.max_tokens, size.epochs, size.full_every) == (10, 8, 1, 5)
    assert adjust(SMALL, read_arguments([])) == SMALL


@pytest.mark.parametrize(
    "words",
    [
        "",
        "--full-size",
        "--series fda_recalls pubmed_drugs --seeds 1",
        "--rows-per-year 10 --max-tokens 8 --epochs 1 --full-every 5",
    ],
)
def test_the_command_on_the_page_has_all_that_changes_a_figure(words: str) -> None:
    assert name_command(read_arguments(words.split())) == f"python benchmarks/currency.py {words}".strip()
    assert "--threads" not in name_command(read_arguments([*words.split(), "--threads", "2", "--workers", "2"]))


def test_seeds_share_what_does_not_depend_on_them(tmp_path: Path) -> None:
    replays = plan_replays(read_arguments(["--quick", "--seeds", "2"]), tmp_path)
    assert [replay.seed for replay in replays] == [0, 1]
    assert len({replay.shelf.splits for replay in replays}) == 1
    assert len({replay.shelf.root for replay in replays}) == 2
    assert replays[0].size == QUICK[SYNTHETIC]


@pytest.mark.slow
def test_a_quick_run_needs_no_real_data_and_writes_where_it_is_told(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "benchmarks/currency.py",
        "--quick",
        "--output",
        str(tmp_path / "out"),
        "--work",
        str(tmp_path / "work"),
    ]
    environment = {**os.environ, "ADDENDUM_DATA": str(tmp_path / "absent"), "ADDENDUM_HOME": str(tmp_path / "home")}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "| gap closure, all series |" in done.stdout
    page = (tmp_path / "out" / "currency.md").read_text(encoding="utf-8")
    assert "A synthetic series of ours" in page
    records = json.loads((tmp_path / "out" / "currency.json").read_text(encoding="utf-8"))
    assert {"gap closure, all series", "backward transfer, all series"} <= {one["measure"] for one in records}
    assert "</svg>" in (tmp_path / "out" / "currency.svg").read_text(encoding="utf-8")
    assert not (tmp_path / "home").exists()
