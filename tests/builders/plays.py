"""A whole rehearsal, played once in a temporary folder by the product's own scenes, with models that learn in seconds."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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


def build_play_params() -> dict[str, Any]:
    """The rehearsal's own params with networks from scratch, without the model that finds names, and with margins to match."""
    params: dict[str, Any] = yaml.safe_load((ORIGIN / "infra" / "rehearsal" / "params.yaml").read_text(encoding="utf-8"))
    clinical, regulatory = params["clinical"], params["regulatory"]
    clinical["curate"]["steps"] = [step for step in clinical["curate"]["steps"] if step["kind"] != "deidentify"]
    clinical["train"] |= {"threads": 1, "learner": CLASSIFIER}
    clinical["judge"]["gates"] = CLINICAL_GATES
    regulatory["train"] |= {"threads": 1, "learner": DECODER}
    regulatory["judge"]["gates"] = REGULATORY_GATES
    return params


CLASSIFIER: Mapping[str, Any] = {
    "kind": "classifier",
    "base": "scratch:tiny",
    "epochs": 6,
    "rate": 3e-3,
    "max_tokens": 128,
    "batch_tokens": 2048,
}
DECODER: Mapping[str, Any] = {"kind": "causal_lm", "base": "scratch:tiny", "max_steps": 150, "rate": 3e-3, "batch_tokens": 1280}
CLINICAL_GATES = [
    {"kind": "floor", "metric": "accuracy", "minimum": 0.6},
    {"kind": "baseline", "metric": "accuracy", "is_blocking": False},
    {"kind": "non_inferiority", "metric": "accuracy", "against": "champion", "margin": 0.12},
    {"kind": "non_inferiority", "metric": "accuracy", "against": "anchor", "slice": "anchor", "margin": 0.2},
    {"kind": "reason_to_change", "metric": "accuracy"},
]
REGULATORY_GATES = [
    {"kind": "floor", "metric": "bits_per_byte", "minimum": -5.0},
    {"kind": "non_inferiority", "metric": "bits_per_byte", "against": "champion", "margin": 0.1},
    {"kind": "non_inferiority", "metric": "bits_per_byte", "against": "anchor", "slice": "anchor", "margin": 0.2},
    {"kind": "reason_to_change", "metric": "bits_per_byte", "alternatives": ["currency"]},
]


@contextmanager
def build_play(folder: Path, params: Mapping[str, Any] | None = None, size: WorldSize = SIZE) -> Iterator[Play]:
    """Set the stage and start the sources and Prefect; all ends with the block, and the environment is as it was."""
    heard = io.StringIO()
    stage = Stage(folder, World.build(SEED, size), Console(file=heard, width=200))
    set_the_stage(stage, yaml.safe_dump(dict(params or build_play_params()), sort_keys=False).encode())
    with RehearsalServer(stage.world) as sources, as_place(stage, {str(name): url for name, url in sources.base_urls.items()}):
        with Servers(Settings()) as servers, show_progress(stage.out) as progress:
            os.environ["PREFECT_API_URL"] = f"{servers.start_prefect().address}/api"
            yield Play(stage, progress, heard)
