"""An installation that the commands see through the environment, as a shell would have it, and how to call a command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from flows.cli import app
from flows.places import Place, open_place
from pipelines.settings import Settings
from tests.builders.installations import Installation, build_installation
from tests.builders.places import Shared, in_environment

Call = Callable[..., Result]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with build_installation(tmp_path_factory.mktemp("installation")) as made:
        yield made


@pytest.fixture
def call(installation: Installation, shared: Shared, tmp_path: Path) -> Iterator[Call]:
    """Call a command on a fresh home of the installation."""
    import shutil

    home = Settings(home=tmp_path / "home").place
    home.mlflow.mkdir(parents=True)
    shutil.copyfile(shared.database, home.mlflow / "mlflow.db")
    for file in installation.inbox.iterdir():
        file.unlink()
    runner = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"})
    with in_environment({"ADDENDUM_HOME": str(home.root), "ADDENDUM_NOW": "2026-03-01T12:00:00Z"}):
        yield lambda *arguments: runner.invoke(app, list(arguments))


@pytest.fixture
def there(call: Call) -> Place:
    """The place that the commands see."""
    return open_place()
