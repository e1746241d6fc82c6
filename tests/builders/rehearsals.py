"""Worlds and looks at them, with defaults, so that a rehearsal test shows only the act and the source that matter."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from infra.rehearsal.apis.exchanges import Request
from infra.rehearsal.server import RehearsalServer
from infra.rehearsal.worlds import Act, World, WorldSize
from pipelines.detect.sources import Access


def build_world(*acts: Act, seed: int = 7, size: WorldSize | None = None) -> World:
    world = World.build(seed, size or WorldSize.tiny())
    for act in acts:
        world.play(act)
    return world


@cache
def demo_world() -> World:
    """The world of the demo, all acts known and none played: read only."""
    return World.build(20260302, WorldSize.demo())


def build_request(path: str, headers: Mapping[str, str] | None = None, **query: str) -> Request:
    named = {name: (value,) for name, value in query.items()}
    return Request(path=path, query=named, headers=headers or {}, base_url="http://loopback/source")


def build_access(server: RehearsalServer, act: Act) -> Access:
    secrets = {"regulations_gov": "a key that any rehearsal takes"}
    return Access(now=server.world.today(act), base_urls=server.base_urls, secrets=secrets)
