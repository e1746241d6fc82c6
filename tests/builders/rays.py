"""A Ray cluster of two real nodes in this machine, one of which can be killed, and a curation that runs on it.

It is a program of its own, since Daft computes on one engine for as long as a process lives:
``python tests/builders/rays.py FOLDER`` curates ``FOLDER/ray`` while its second node is killed, and says so on standard output.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

BUSY_S = 0.2
"""Seconds of computing after which a node has certainly been given work, and not all of it."""


def curate_through_a_death(folder: Path) -> None:
    """Curate ``folder/ray`` on two nodes of one core each; the second one is killed as soon as it has begun to compute."""
    import ray
    from ray.cluster_utils import Cluster

    from pipelines.curate.curation import curate
    from pipelines.curate.engines import choose_engine
    from pipelines.curate.params import CurateParams
    from pipelines.curate.signatures import sign
    from pipelines.workspace import DomainFolder

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    second = cluster.add_node(num_cpus=1)
    os.environ["RAY_ADDRESS"] = cluster.address
    choose_engine("ray")
    sign([f"a text to start the workers with {number}" for number in range(20_000)], 3, 128)
    nodes = count_nodes()
    dying, is_over = threading.Event(), threading.Event()
    killer = threading.Thread(target=kill_when_busy, args=(cluster, second, dying, is_over))
    killer.start()
    curate(DomainFolder(folder / "ray"), CurateParams())
    is_killed = dying.is_set()
    is_over.set()
    killer.join()
    left = count_nodes()
    while is_killed and left == nodes:  # Ray takes some seconds to believe it
        time.sleep(0.5)
        left = count_nodes()
    ray.shutdown()
    cluster.shutdown()
    sys.stdout.write(f"nodes {nodes}, then {left}; killed in mid-job: {is_killed}\n")


def count_nodes() -> int:
    """Return how many nodes Ray takes to be alive."""
    import ray

    return sum(node["Alive"] for node in ray.nodes())


def kill_when_busy(cluster: Any, node: Any, dying: threading.Event, is_over: threading.Event) -> None:
    """Kill ``node`` and all that runs on it once its processes have computed for ``BUSY_S`` more seconds."""
    begun = count_seconds(node)
    while count_seconds(node) < begun + BUSY_S:
        if is_over.wait(0.05):
            return
    dying.set()
    cluster.remove_node(node, allow_graceful=False)


def count_seconds(node: Any) -> float:
    """Return the processor time of the node's workers so far."""
    import psutil

    total = 0.0
    for child in psutil.Process(node.all_processes["raylet"][0].process.pid).children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


if __name__ == "__main__":
    curate_through_a_death(Path(sys.argv[1]))
