"""The engine says where curation computes, and no file says where it was: not even when a machine dies in the middle of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.curate import engines
from pipelines.curate.curation import curate
from pipelines.curate.engines import choose_engine
from pipelines.curate.params import CurateParams
from pipelines.domain.errors import ParamsError
from pipelines.domain.revisions import Entry
from pipelines.files import digest_folder
from pipelines.settings import QUIET
from tests.builders.curations import invent_words, lay_snapshot, vary
from tests.builders.revisions import build_entry

ROOT = Path(__file__).parents[2]


def test_says_how_to_install_ray_where_it_is_wanted_and_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda _name: None)
    with pytest.raises(ParamsError, match=r"addendum\[scale\]"):
        choose_engine("ray")


def test_this_machine_needs_no_ray_and_loads_nothing_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda _name: None)
    choose_engine("local")
    code = "import sys; from pipelines.curate.engines import choose_engine; choose_engine('local'); print('daft' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert said.strip() == "False"


def invent_entries(count: int) -> list[Entry]:
    """Long enough texts for the signing of them to take seconds; every tenth is a near copy of the one before."""
    entries = []
    for number in range(count):
        words = invent_words(number - (number % 10 == 9), 300)
        text = " ".join(vary(words, 3, number) if number % 10 == 9 else words)
        entries.append(build_entry(f"d{number:06d}", title="", text=text, ingest_seq=number))
    return entries


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_cluster_that_loses_a_node_in_mid_job_writes_the_same_bytes(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the extra `scale` is not installed")
    entries = invent_entries(40_000)
    folders = [lay_snapshot(tmp_path / engine, entries) for engine in ("local", "ray")]
    report = curate(folders[0], CurateParams())
    assert report.dropped_by_reason["near-duplicate"] > 3_500
    command = [sys.executable, str(ROOT / "tests" / "builders" / "rays.py"), str(tmp_path)]
    done = subprocess.run(command, env={**os.environ, **QUIET}, check=False, capture_output=True, text=True, timeout=800)
    assert done.returncode == 0, done.stderr[-2_000:]
    assert done.stdout.splitlines()[-1] == "nodes 2, then 1; killed in mid-job: True"
    assert digest_folder(folders[1].curated) == digest_folder(folders[0].curated)
    assert digest_folder(folders[1].card) == digest_folder(folders[0].card)
