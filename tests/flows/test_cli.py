"""Every command explains itself with an example, at once; a refusal is one line and status 1."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
import typer
from typer.testing import CliRunner

from flows.cli import app
from tests.builders.installations import REPOSITORY

SECONDS = 1.5
"""It takes a third of a second on an idle machine."""


def list_commands(group: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    for name, command in getattr(group, "commands", {}).items():
        if getattr(command, "commands", None):
            yield from list_commands(command, *path, name)
        else:
            yield (*path, name)


COMMANDS = sorted(list_commands(typer.main.get_command(app)))


def test_all_commands_are_there() -> None:
    assert {path[0] for path in COMMANDS} >= {
        *("demo", "up", "ui", "status", "watch", "retrain", "promote", "rollback", "unfreeze", "restore", "pin"),
        *("drop", "quarantine", "explain", "doctor"),
    }


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_commands_help_holds_an_example_of_it(path: tuple[str, ...]) -> None:
    said = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"}).invoke(app, [*path, "--help"])
    assert said.exit_code == 0
    assert f"addendum {' '.join(path)}" in said.output.partition("Example:")[2]


def test_help_answers_at_once() -> None:
    """Of the command's own CPU, the least of three: what else the machine does is not its fault."""
    taken = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "flows.cli", "--help"], cwd=REPOSITORY, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(taken) < SECONDS


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom flows.cli import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        "print('heavy:', *sorted({'prefect', 'torch', 'mlflow', 'numpy', 'sqlalchemy', 'deltalake'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].split() == ["heavy:"]
