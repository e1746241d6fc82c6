"""The same bytes are expected only where nothing is known to differ, and what differs is named."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from flows.places import Place
from flows.surroundings import Surroundings, compare_surroundings, list_versions
from pipelines.domain.identities import RunId
from pipelines.learners.machines import MACHINE_TAG, Machine, describe_machine, write_machine
from tests.builders.places import DOMAIN

RUN = "a-run"


def test_another_machine_or_an_unknown_one_is_not_the_same(place: Place, tmp_path: Path) -> None:
    (tmp_path / "constraints.txt").write_text("# none\n")

    def compare() -> Surroundings:
        return compare_surroundings(place, DOMAIN, RunId(RUN), tmp_path / "constraints.txt", "linear")

    assert compare() == Surroundings(differences=("MLflow does not say on which machine it was trained",), is_same=False)
    run = place.tracker.open_run(DOMAIN, RunId(RUN))
    place.tracker.tag(run, {MACHINE_TAG: write_machine(Machine(cpu="another", device="cpu", python="3.9", system="Linux"))})
    found = compare()
    assert not found.is_same
    assert [line.split(":")[0] for line in found.differences] == ["cpu", "python"]
    place.tracker.tag(run, {MACHINE_TAG: write_machine(describe_machine("linear"))})
    assert compare() == Surroundings(differences=(), is_same=True)
    place.tracker.tag(run, {MACHINE_TAG: write_machine(replace(describe_machine("linear"), processes="2"))})
    assert compare() == Surroundings(differences=("processes: 2 there, 1 here",), is_same=False)
    (tmp_path / "constraints.txt").write_text("numpy==0.1\n")
    assert not compare().is_same


def test_a_library_at_another_version_is_named_and_one_that_is_not_here_is_not(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("numpy==0.1\nno-such-library==1.0\n# a comment==2\n--extra-index-url x\n")
    assert list_versions(tmp_path / "c.txt") == (f"numpy: 0.1 there, {version('numpy')} here",)
    (tmp_path / "c.txt").write_text(f"numpy=={version('numpy')} ; python_version > '3'\n")
    assert list_versions(tmp_path / "c.txt") == ()
