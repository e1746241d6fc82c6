"""Everything on one machine: the servers with their workers, the pages alone, and the rehearsal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.entrance import OUT, enter, refusing


@refusing
def up(
    prefect_port: Annotated[int, typer.Option(help="port of the Prefect page")] = 4200,
    mlflow_port: Annotated[int, typer.Option(help="port of the MLflow page")] = 5000,
) -> None:
    """Run Prefect, MLflow and the workers here, on loopback, with all deployments; Ctrl-C ends all of it.

    Example: addendum up
    """
    place = enter()
    from flows.living import live

    live(place, prefect_port, mlflow_port, OUT.print)


@refusing
def ui(
    prefect_port: Annotated[int, typer.Option(help="port of the Prefect page; 0: any")] = 0,
    mlflow_port: Annotated[int, typer.Option(help="port of the MLflow page; 0: any")] = 0,
) -> None:
    """Open the Prefect and MLflow pages on the state as it is, with no worker: nothing new is started. Ctrl-C ends them.

    Example: ADDENDUM_HOME=.rehearsal/home addendum ui
    """
    place = enter()
    from flows.living import show

    show(place, prefect_port or None, mlflow_port or None, OUT.print)


@refusing
def demo(
    folder: Annotated[Path, typer.Option(help="where the rehearsal lives; emptied first")] = Path(".rehearsal"),
    base: Annotated[str, typer.Option(help="the regulatory model: smollm2, or scratch for a tiny one")] = "smollm2",
    seed: Annotated[int, typer.Option(help="seed of the synthetic world")] = 7,
) -> None:
    """Rehearse the whole loop in five acts against a local server with synthetic data; your own state is never touched.

    Example: addendum demo
    """
    from flows.rehearse import rehearse

    rehearse(folder.resolve(), base, seed, OUT)
