"""What every command does first: make the libraries quiet and local, find the place, and turn our errors into one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import typer
from rich.console import Console

from pipelines.domain.errors import AddendumError

if TYPE_CHECKING:
    from rich.table import Table

    from flows.places import Place

Parameters = ParamSpec("Parameters")
Returned = TypeVar("Returned")

OUT = Console(highlight=False)
ERR = Console(stderr=True, highlight=False)
UNBOUNDED = 1_000


def enter() -> Place:
    """Return the place, with the environment of every library set; call it before Prefect or MLflow is imported.

    Raises :class:`ParamsError` naming the variable of the environment that cannot be read.
    """
    from flows.servers import find_prefect, prefect_environment
    from pipelines.settings import QUIET, read_settings

    settings = read_settings()
    quiet = {**QUIET, "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL", "PREFECT_LOGGING_LOGGERS_PREFECT_LEVEL": "INFO"}
    for key, value in {**quiet, **prefect_environment(settings, find_prefect(settings))}.items():
        os.environ.setdefault(key, value)
    from flows.places import open_place

    return open_place(settings)


def show(table: Table) -> None:
    """Print a table: as wide as the terminal, and as wide as it likes where nobody looks but a pipe or a file."""
    console = OUT if OUT.is_terminal else Console(file=OUT.file, width=UNBOUNDED, highlight=False)
    console.print(table)


def say(sentence: str) -> None:
    """Print a sentence as it is, unbroken, so that a command in it can be copied and a script can read it."""
    OUT.print(sentence, markup=False, soft_wrap=True)


def refusing(command: Callable[Parameters, Returned]) -> Callable[Parameters, Returned]:
    """Make a command end with status 1 and one line on standard error when Addendum refuses."""

    @wraps(command)
    def run(*arguments: Parameters.args, **options: Parameters.kwargs) -> Returned:
        with _refusals():
            return command(*arguments, **options)

    return run


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except AddendumError as error:
        ERR.print(f"[bold red]refused:[/] {_escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt as interrupt:
        sys.stderr.write("\n")
        raise typer.Exit(130) from interrupt


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)
