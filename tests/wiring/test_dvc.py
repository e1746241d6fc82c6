"""``dvc.yaml`` and the code agree: what a stage's module imports is what DVC watches, and one name names a stage everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import grimp
import pytest
import yaml

from pipelines.catalog import FITTING, StageName
from pipelines.inputs import digest_code
from pipelines.params import DomainParams
from pipelines.workspace import Workspace

REPOSITORY = Path(__file__).resolve().parents[2]
ROOMS = {
    StageName.SNAPSHOT: "pipelines.snapshot.snapshots",
    StageName.CURATE: "pipelines.curate.curation",
    StageName.SPLIT: "pipelines.split.splitting",
    StageName.TRAIN: "pipelines.train.training",
    StageName.EVALUATE: "pipelines.evaluate.evaluation",
    StageName.AUDIT: "pipelines.audit.auditing",
    StageName.JUDGE: "pipelines.judge.judging",
}
PLACES = {"pipelines", "pipelines.workspace"}
"""Where files lie is checked by DVC itself: a stage that looked elsewhere would find nothing, or make nothing."""
WRITER = StageName.JUDGE
"""The stage that writes the recipe, which names all params and all code of a run."""
every_stage = pytest.mark.parametrize("stage", list(StageName))


@cache
def declared() -> dict[str, dict[str, Any]]:
    stages: dict[str, dict[str, Any]] = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    return stages


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("pipelines", cache_dir=None)


def list_code(stage: StageName) -> set[str]:
    """The modules that the stage's declared dependencies cover, as dotted names."""
    paths = [dep for dep in declared()[stage]["deps"] if dep.startswith("pipelines/")]
    covered: set[str] = set()
    for path in paths:
        name = path.removesuffix(".py").replace("/", ".")
        covered |= {name, *(graph().find_descendants(name) if name in graph().modules else ())}
    return covered


def list_imported(stage: StageName) -> set[str]:
    """Every module of ours that the stage's entry point imports, through however many others, functions' imports included."""
    entry = ROOMS[stage]
    return {entry} | set(graph().find_upstream_modules(entry))


def test_declares_exactly_the_stages_of_the_catalog_in_running_order() -> None:
    assert list(declared()) == list(StageName)


@every_stage
def test_what_a_stage_imports_is_what_it_depends_on(stage: StageName) -> None:
    assert list_imported(stage) - list_code(stage) <= PLACES


@every_stage
def test_a_stage_depends_on_no_code_that_it_does_not_import(stage: StageName) -> None:
    for dep in declared()[stage]["deps"]:
        if dep.startswith("pipelines/") and stage is not WRITER:
            name = dep.removesuffix(".py").replace("/", ".")
            used = {name, *graph().find_descendants(name)} & list_imported(stage)
            assert used, f"{stage} depends on {dep}, and imports nothing of it"


def test_the_stage_that_writes_the_recipe_depends_on_all_that_it_names() -> None:
    """Else a changed parameter or part of the code would leave the old recipe standing.

    DVC takes no file of its own as a dependency; the look, which the judge depends on, is bound to ``dvc.yaml`` instead.
    """
    code = {f"pipelines/{part}" for part in digest_code(Workspace(REPOSITORY)) if part != "dvc.yaml"}
    deps = {dep for dep in declared()[WRITER]["deps"] if not dep.startswith("data/")}
    assert deps == code | {"constraints.txt"}, "the judge's deps in dvc.yaml must name every part of pipelines/ that a stage runs"
    assert "${item.domain}" in params_of(WRITER)


@every_stage
def test_a_stages_files_of_data_are_among_its_dependencies(stage: StageName) -> None:
    """A room's JSON (a vocabulary, a list of sentences) is covered because the folder as a whole is."""
    assert f"pipelines/{stage}" in declared()[stage]["deps"]


@every_stage
def test_one_name_is_command_folder_params_and_tests(stage: StageName) -> None:
    assert declared()[stage]["cmd"] == f"python -m pipelines {stage} ${{item.domain}}"
    assert (REPOSITORY / "pipelines" / stage / "__init__.py").is_file()
    assert (REPOSITORY / "tests" / stage).is_dir()
    if stage is not StageName.SNAPSHOT:
        assert stage in DomainParams.model_fields
        assert stage is WRITER or f"${{item.domain}}.{stage}" in params_of(stage)


def params_of(stage: StageName) -> list[str]:
    return [param for param in declared()[stage]["params"] if isinstance(param, str)]


@every_stage
def test_a_stage_runs_once_for_each_domain_that_the_params_list(stage: StageName) -> None:
    assert declared()[stage]["matrix"] == {"domain": "${domains}"}


@every_stage
def test_a_stage_reads_no_section_of_another_one(stage: StageName) -> None:
    sections = {param.removeprefix("${item.domain}.") for param in params_of(stage)}
    # one number of threads for all that is numeric, since a sum's last bits depend on it; an audit trains a twin as train does
    assert sections <= {stage, "labels", "train" if stage is StageName.AUDIT else "train.threads"} or stage is WRITER


@pytest.mark.parametrize("stage", FITTING)
def test_what_depends_on_the_versions_of_libraries_says_so(stage: StageName) -> None:
    assert "constraints.txt" in declared()[stage]["deps"]


def test_every_file_that_the_pin_lays_out_and_the_stages_make_is_where_the_workspace_names_it() -> None:
    folder = Workspace(Path()).of("${item.domain}")  # type: ignore[arg-type]  # the template itself
    named = {str(path) for path in (folder.snapshot, folder.curated, folder.splits, folder.model, folder.audit, folder.verdict)}
    made = set(list_made(declared().values()))
    assert named <= made
    assert all(path in named or path.startswith((f"{folder.card}/", f"{folder.training}/", f"{folder.scores}/")) for path in made)
    used = {dep for stage in declared().values() for dep in stage["deps"] if dep.startswith("data/")}
    assert used <= made | {str(folder.champion), str(folder.anchor), str(folder.reference), str(folder.start)}


def list_made(stages: Iterable[dict[str, Any]]) -> list[str]:
    made: list[str] = []
    for stage in stages:
        for kind in ("outs", "metrics", "plots"):
            made += [next(iter(out)) if isinstance(out, dict) else out for out in stage.get(kind, [])]
    return made


def test_no_path_is_made_by_two_stages() -> None:
    made = list_made(declared().values())
    assert len(made) == len(set(made))
