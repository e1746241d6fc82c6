"""What every command does first: quiet libraries, the place, and our errors as one line."""

from __future__ import annotations

import os

import pytest
import typer

from flows.commands.entrance import enter, refusing
from pipelines.domain.errors import LedgerError
from tests.builders.installations import Installation
from tests.builders.places import in_environment
from tests.flows.commands.conftest import Call


def test_our_errors_become_one_line_and_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    @refusing
    def command() -> None:
        raise LedgerError("the ledger [of clinical] is busy: try again")

    with pytest.raises(typer.Exit) as ended:
        command()
    assert ended.value.exit_code == 1


def test_other_errors_are_not_hidden() -> None:
    @refusing
    def command() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        command()


def test_an_interrupt_ends_with_status_130() -> None:
    @refusing
    def command() -> None:
        raise KeyboardInterrupt

    with pytest.raises(typer.Exit) as ended:
        command()
    assert ended.value.exit_code == 130


def test_libraries_are_made_quiet_and_kept_to_the_home(call: Call, installation: Installation) -> None:
    with in_environment({}):
        os.environ.pop("DO_NOT_TRACK", None)
        os.environ.pop("PREFECT_HOME", None)
        place = enter()
        assert os.environ["DO_NOT_TRACK"] == "true"
        assert os.environ["PREFECT_HOME"] == str(place.home.prefect)


def test_what_the_user_set_stays(call: Call) -> None:
    with in_environment({"PREFECT_LOGGING_LOGGERS_PREFECT_LEVEL": "DEBUG"}):
        enter()
        assert os.environ["PREFECT_LOGGING_LOGGERS_PREFECT_LEVEL"] == "DEBUG"


def test_outside_a_clone_it_says_where_to_go(call: Call, tmp_path_factory: pytest.TempPathFactory) -> None:
    with in_environment({"ADDENDUM_WORKSPACE": str(tmp_path_factory.mktemp("elsewhere"))}):
        said = call("status")
    assert said.exit_code == 1
    assert "run inside a clone of the repository, or set ADDENDUM_WORKSPACE" in said.stderr.replace("\n", " ")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ADDENDUM_NOW", "s3cret"),
        ("ADDENDUM_FLOW_PROCESS", "s3cret"),
        ("ADDENDUM_SOURCE_URLS", "s3cret"),
        ("ADDENDUM_SOURCE_URLS", '["s3cret"]'),
        ("ADDENDUM_SOURCE_URLS", '{"ecfr": {"s3cret": 1}}'),
    ],
)
def test_a_variable_that_cannot_be_read_is_named_and_its_value_is_not(call: Call, variable: str, value: str) -> None:
    with in_environment({variable: value}):
        said = call("status")
    assert said.exit_code == 1
    assert said.stderr.startswith(f"refused: {variable}: ")
    assert "s3cret" not in said.output
