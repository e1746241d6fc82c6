"""A whole rehearsal, played once in a temporary folder by the product's own scenes, with models that learn in seconds."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from flows.progress import Waiting, show_progress
from flows.rehearse import ORIGIN, Stage, as_place, set_the_stage
from flows.servers import Servers
from infra.rehearsal.server import RehearsalServer
from infra.rehearsal.worlds import World, WorldSize
from pipelines.settings import Settings

SEED = 7
SIZE = WorldSize.demo()


@dataclass(frozen=True, slots=True)
class Play:
    """The stage that is set, what is needed to play on it, and where what is told goes."""

    stage: Stage
    progress: Waiting
    heard: io.StringIO = field(default_factory=io.StringIO)

    @property
    def world(self) -> World:
        return self.stage.world

    @property
    def out(self) -> Console:
        return self.stage.out


LINEAR: Mapping[str, Any] = {"kind": "linear"}
DECODER: Mapping[str, Any] = {
    "kind": "causal_lm",
    "base": "scratch:tiny",
    "epochs": 16,
    "rate": 3e-3,
    "max_tokens": 128,
    "batch_tokens": 1280,
}


def build_play_params() -> dict[str, Any]:
    """The rehearsal's own params, with a linear model and a decoder from scratch, and without the model that finds names.

    A decoder that has read nothing else needs many steps to learn a threshold by heart, and much replay not to forget. The
    linear model is right so often that a high floor decides about poison on a holdout of this size, where a margin cannot yet.
    """
    params: dict[str, Any] = yaml.safe_load((ORIGIN / "infra" / "rehearsal" / "params.yaml").read_text(encoding="utf-8"))
    clinical, regulatory = params["clinical"], params["regulatory"]
    clinical["curate"]["steps"] = [step for step in clinical["curate"]["steps"] if step["kind"] != "deidentify"]
    clinical["train"] |= {"threads": 1, "learner": LINEAR}
    for gate in clinical["judge"]["gates"]:
        if gate["kind"] == "floor":
            gate["minimum"] = 0.82
        if gate.get("slice") == "established":
            gate["margin"] = 0.2
    regulatory["train"] |= {"threads": 1, "learner": DECODER, "replay": {"share": 0.7, "minimum": 90}}
    regulatory["judge"]["gates"][0]["minimum"] = -5.0
    for gate in regulatory["judge"]["gates"]:
        if gate["kind"] == "non_inferiority":
            gate["margin"] = 0.4
    return params


@contextmanager
def serve_prefect() -> Iterator[None]:
    """A Prefect server on the home that the environment names, for this process and all that it starts.

    Prefect reads its environment when it is imported, and another test may have imported it: so it is told to read it again.
    """
    with Servers(Settings()) as servers:
        os.environ["PREFECT_API_URL"] = f"{servers.start_prefect().address}/api"
        from prefect.context import refresh_global_settings_context

        refresh_global_settings_context()
        yield
        flush_prefect()
    del os.environ["PREFECT_API_URL"]
    refresh_global_settings_context()


def flush_prefect() -> None:
    """Let Prefect send what it has still to say, so that it does not complain of a server that is gone."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    APILogWorker.drain_all(timeout=10)
    EventsWorker.drain_all(timeout=10)


@contextmanager
def build_play(folder: Path, params: Mapping[str, Any] | None = None, size: WorldSize = SIZE) -> Iterator[Play]:
    """Set the stage and start the sources and Prefect; all ends with the block, and the environment is as it was."""
    heard = io.StringIO()
    stage = Stage(folder, World.build(SEED, size), Console(file=heard, width=200))
    set_the_stage(stage, yaml.safe_dump(dict(params or build_play_params()), sort_keys=False).encode())
    with ExitStack() as open_parts:
        sources = open_parts.enter_context(RehearsalServer(stage.world))
        open_parts.enter_context(as_place(stage, {str(name): url for name, url in sources.base_urls.items()}))
        open_parts.enter_context(serve_prefect())
        progress = open_parts.enter_context(show_progress(stage.out))
        yield Play(stage, progress, heard)
