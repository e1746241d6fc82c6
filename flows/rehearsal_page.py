"""The rehearsal's page: what happened act by act, and above all the question, the old answer and the new answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from flows.places import open_place
from flows.scenes import REGULATORY, Scene
from flows.worktrees import Worktree
from pipelines.domain.identities import DomainName, RunId
from pipelines.domain.scorecards import CurrencyExample
from pipelines.domain.verdicts import Verdict
from pipelines.files import read_json, write_bytes
from pipelines.workspace import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRun:
    """One retraining on the page."""

    act: str
    domain: DomainName
    verdict: Verdict
    examples: tuple[CurrencyExample, ...]


def write_page(home: Path, scenes: Sequence[Scene], seed: int) -> Path:
    """Write the page and return where it is."""
    runs = [_read_run(scene, domain, RunId(run)) for scene in scenes for domain, run in scene.runs]
    first = [run for run in runs if any(example.champion_answer for example in run.examples)]
    first.sort(key=lambda run: run.domain != REGULATORY)
    environment = Environment(
        loader=PackageLoader("flows", "pages"), autoescape=select_autoescape(default=True), undefined=StrictUndefined
    )
    page = environment.get_template("rehearsal.html").render(scenes=scenes, runs=runs, answered=first, seed=seed)
    path = Home(home).pages / "rehearsal.html"
    write_bytes(path, page.encode())
    return path


def _read_run(scene: Scene, domain: DomainName, run_id: RunId) -> JudgedRun:
    place = open_place()
    tree = Worktree(place.home.run(domain, run_id), domain, run_id)
    return JudgedRun(
        act=scene.title,
        domain=domain,
        verdict=read_json(tree.folder.verdict / "verdict.json", Verdict),
        examples=read_json(tree.folder.scores / "examples.json", tuple[CurrencyExample, ...]),
    )
