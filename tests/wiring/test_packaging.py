"""What the project is installed from and worked on with: constraints, Makefile and README agree with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
MAKE_CALL = re.compile(r"(?:^|`|&& )make ([a-z][a-z-]*)", re.MULTILINE)


def read_constraints() -> dict[str, str]:
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line.split("==") for line in lines if "==" in line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pinned}


def list_requirements() -> list[Requirement]:
    written = [*PROJECT["dependencies"], *(one for extra in PROJECT["optional-dependencies"].values() for one in extra)]
    return [Requirement(one) for one in written]


@pytest.mark.parametrize("requirement", list_requirements(), ids=str)
def test_every_dependency_is_pinned_to_a_version_that_it_allows(requirement: Requirement) -> None:
    pinned = read_constraints().get(canonicalize_name(requirement.name))
    assert pinned is not None, f"constraints.txt does not pin {requirement.name}"
    assert requirement.specifier.contains(pinned, prereleases=True)


def test_what_is_tested_here_is_what_the_constraints_pin() -> None:
    """The extras that a team installs for its servers may be absent; what the tests themselves stand on may not."""
    from importlib.metadata import version

    pinned = read_constraints()
    for one in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]):
        name = Requirement(one).name
        assert version(name).split("+")[0] == pinned[canonicalize_name(name)].split("+")[0], name


def list_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))


def test_every_target_is_phony_but_the_files() -> None:
    phony = set(re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[0].split())
    assert phony == list_targets()


def test_make_measures_with_every_benchmark_there_is() -> None:
    files = (REPOSITORY / "benchmarks").glob("*.py")
    commands = {file.stem for file in files if '__name__ == "__main__"' in file.read_text(encoding="utf-8")}
    assert set(re.findall(r"^BENCHMARKS := (.*)$", MAKEFILE, re.MULTILINE)[0].split()) == commands


def list_documents() -> list[Path]:
    return [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]


@pytest.mark.parametrize("document", list_documents(), ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_a_target_that_a_document_names_exists(document: Path) -> None:
    named = set(MAKE_CALL.findall(document.read_text(encoding="utf-8")))
    assert named <= list_targets()


def test_the_readme_names_the_two_commands_to_begin_with() -> None:
    named = set(MAKE_CALL.findall((REPOSITORY / "README.md").read_text(encoding="utf-8")))
    assert {"demo", "test"} <= named


def test_a_target_that_the_code_tells_people_to_run_exists() -> None:
    named: set[str] = set()
    for folder in ("flows", "pipelines", "infra"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            named |= {
                name
                for line in re.findall(r"\[bold\]make [a-z-]+|`make [a-z-]+`", path.read_text())
                for name in [line.split()[-1].strip("`")]
            }
    assert named
    assert named <= list_targets()


def test_the_command_line_is_installed_under_its_name() -> None:
    from importlib import import_module

    module, name = PROJECT["scripts"]["addendum"].split(":")
    assert callable(getattr(import_module(module), name))
