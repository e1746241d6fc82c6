"""A look is bound to all that its run is made from, and to nothing else: each part moves the digest, nothing beside it does."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import grimp
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipelines.catalog import StageName
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import Digest, DomainName
from pipelines.domain.pins import Generation, Look, ModelPin, Pin
from pipelines.files import write_bytes, write_json
from pipelines.inputs import OUTSIDE, digest_code, digest_inputs, is_own_look, refuse_foreign_look, seal_keys
from pipelines.params import DomainParams
from pipelines.workspace import Workspace
from tests.builders.domains import LOOK, build_pin
from tests.builders.installations import REPOSITORY, build_params

DOMAIN = DomainName("clinical")
PIN = build_pin(champion=ModelPin(version=2, digest=Digest("a" * 64)), anchor=ModelPin(version=1, digest=Digest("b" * 64)))


def build_section(**fields: Any) -> DomainParams:
    return DomainParams.model_validate(build_params(Path("inbox"), **fields)["clinical"])


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A checkout as far as inputs go: the code and the two files beside it."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "pipelines", tmp_path / "pipelines", ignore=ignored)
    for name in ("dvc.yaml", "constraints.txt"):
        shutil.copyfile(REPOSITORY / name, tmp_path / name)
    return Workspace(tmp_path)


def digest(workspace: Workspace, params: DomainParams | None = None, **fields: Any) -> Digest:
    return digest_inputs(workspace, DOMAIN, params or build_section(), replace(PIN, **fields))


def test_the_same_files_and_pin_give_the_same_digest_wherever_they_lie(workspace: Workspace, tmp_path: Path) -> None:
    first = digest(workspace)
    moved = workspace.root.rename(tmp_path.parent / f"{tmp_path.name} moved")
    assert digest(Workspace(moved)) == first


@pytest.mark.parametrize(
    "fields",
    [
        {"corpus": replace(PIN.corpus, manifest_digest=Digest("d" * 64))},
        {"corpus": replace(PIN.corpus, ingest_seq=99)},
        {"champion": None},
        {"champion": ModelPin(version=2, digest=Digest("e" * 64))},
        {"champion": ModelPin(version=2, digest=Digest("a" * 64), recipe=Digest("f" * 64))},
        {"anchor": None},
        {"generation": Generation(number=2, since=40)},
    ],
)
def test_everything_that_the_pin_names_is_an_input(workspace: Workspace, fields: dict[str, Any]) -> None:
    assert digest(workspace, **fields) != digest(workspace)


def test_the_look_and_the_reason_are_none(workspace: Workspace) -> None:
    assert digest(workspace, look=LOOK, reason="another") == digest(workspace)


@pytest.mark.parametrize(
    "fields",
    [
        {"train": {"threads": 1, "seed": 7, "learner": {"kind": "linear"}}},
        {"judge": {"alpha": 0.1}},
        {"labels": ["Class I"]},
        {"evaluate": {"examples": 3}},
        {"split": {"key": "another"}},
        {"curate": {"steps": [{"kind": "deidentify", "key": "a secret of sixteen letters"}]}},
    ],
)
def test_every_section_that_a_stage_reads_is_an_input(workspace: Workspace, fields: dict[str, Any]) -> None:
    assert digest(workspace, build_section(**fields)) != digest(workspace)


@pytest.mark.parametrize(
    "fields",
    [
        {"description": "other words"},
        {"retrain": {"minimum_news": 7}},
        {"promote": {"approval": "always"}},
        {"admit": {"min_chars": 11}},
        {"watch": {"sources": [{"kind": "folder", "path": "elsewhere"}]}},
    ],
)
def test_a_section_that_no_stage_reads_is_none(workspace: Workspace, fields: dict[str, Any]) -> None:
    assert digest(workspace, build_section(**fields)) == digest(workspace)


def test_another_secret_is_another_input(workspace: Workspace) -> None:
    steps = [[{"kind": "deidentify", "key": f"a secret of sixteen letters {number}"}] for number in range(2)]
    first, second = (digest(workspace, build_section(curate={"steps": step})) for step in steps)
    assert first != second


@pytest.mark.parametrize(
    "name",
    [
        "dvc.yaml",
        "constraints.txt",
        "pipelines/learners/linear_fitting.py",
        "pipelines/evaluate/general.json",
        "pipelines/files.py",
        "pipelines/__main__.py",
        "pipelines/domain/revisions.py",
    ],
)
def test_one_byte_of_what_the_stages_run_is_another_input(workspace: Workspace, name: str) -> None:
    before, path = digest(workspace), workspace.root / name
    path.write_bytes(path.read_bytes() + b"\n")
    assert digest(workspace) != before


def test_line_endings_are_content(workspace: Workspace) -> None:
    before, path = digest(workspace), workspace.root / "pipelines" / "files.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert digest(workspace) != before


def add(path: Path) -> Path:
    write_bytes(path, b"x = 1\n")
    return path


NEW = ["pipelines/learners/new.py", "pipelines/audit/probes.py", "pipelines/audit.py", "pipelines/train/words"]


@pytest.mark.parametrize("name", NEW)
def test_a_new_file_is_an_input_and_without_it_the_digest_is_back(workspace: Workspace, name: str) -> None:
    before = digest(workspace)
    path = add(workspace.root / name)
    assert digest(workspace) != before
    path.unlink()
    assert digest(workspace) == before


def rename(workspace: Workspace) -> None:
    (workspace.root / "pipelines" / "lessons" / "replay.py").rename(workspace.root / "pipelines" / "lessons" / "replays.py")


def swap(workspace: Workspace) -> None:
    one, other = (workspace.root / "pipelines" / "domain" / name for name in ("models.py", "pins.py"))
    text = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(text)


@pytest.mark.parametrize("change", [rename, swap])
def test_names_are_content(workspace: Workspace, change: Callable[[Workspace], None]) -> None:
    before = digest(workspace)
    change(workspace)
    assert digest(workspace) != before


@pytest.mark.parametrize(
    "name",
    [
        "pipelines/learners/__pycache__/linear.cpython-311.pyc",
        "pipelines/__pycache__/files.cpython-311.pyc",
        "pipelines/learners/.DS_Store",
        "pipelines/learners/linear.py~",
        "pipelines/learners/.linear.py.swp",
        "pipelines/ledger/new.py",
        "pipelines/promote/new.py",
        "flows/new.py",
        "README.md",
    ],
)
def test_what_no_stage_runs_is_no_input(workspace: Workspace, name: str) -> None:
    before = digest(workspace)
    add(workspace.root / name)
    assert digest(workspace) == before


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("pipelines")


@pytest.mark.parametrize("stage", list(StageName))
def test_whatever_a_stage_imports_is_counted(stage: StageName) -> None:
    """A part named as outside by mistake would let a change of it pass unseen."""
    room = {name for name in graph().modules if name == f"pipelines.{stage}" or name.startswith(f"pipelines.{stage}.")}
    imported = set().union(*(graph().find_upstream_modules(name) for name in room)) | room
    parts = {name.split(".")[1] for name in imported if "." in name}
    assert not parts & {name.removesuffix(".py") for name in OUTSIDE}


def test_each_part_has_a_digest_of_its_own(workspace: Workspace) -> None:
    before = digest_code(workspace)
    add(workspace.root / "pipelines" / "learners" / "new.py")
    after = digest_code(workspace)
    assert {name for name in after if after[name] != before.get(name)} == {"learners"}
    assert {"domain", "split", "judge", "files.py", "params.py", "catalog.py", "__main__.py", "dvc.yaml"} <= set(after)


def test_reading_the_whole_code_is_no_burden() -> None:
    workspace = Workspace(REPOSITORY)
    seconds = []
    for _ in range(5):
        started = time.process_time()
        digest_code(workspace)
        seconds.append(time.process_time() - started)
    assert min(seconds) < 0.2


def test_a_folder_without_the_code_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="does not hold the code"):
        digest(Workspace(tmp_path))


def bind(workspace: Workspace, params: DomainParams) -> Pin:
    pin = replace(PIN, look=replace(LOOK, inputs=digest_inputs(workspace, DOMAIN, params, PIN)))
    write_json(workspace.of(DOMAIN).pin, pin)
    return pin


def test_a_look_of_these_very_inputs_is_let_pass(workspace: Workspace) -> None:
    bind(workspace, build_section())
    workspace.params.write_text(yaml.safe_dump(build_params(Path("inbox"))), encoding="utf-8")
    code = (
        "from pathlib import Path\n"
        "from pipelines.inputs import refuse_foreign_look\n"
        "from pipelines.params import read_params\n"
        "from pipelines.workspace import Workspace\n"
        "workspace = Workspace(Path.cwd())\n"
        "refuse_foreign_look(workspace, 'clinical', read_params(workspace.params).of('clinical'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=workspace.root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_look_of_other_inputs_is_refused_and_the_way_out_named(workspace: Workspace) -> None:
    bind(workspace, build_section())
    other = build_section(train={"threads": 1, "seed": 7, "learner": {"kind": "linear"}})
    with pytest.raises(WorkspaceError, match=r"reserved for other inputs.*`addendum pin clinical` for a run that sees dev only"):
        refuse_foreign_look(workspace, DOMAIN, other)


@pytest.mark.parametrize(
    "forge",
    [
        lambda pin: replace(pin, generation=Generation(number=1, since=3)),
        lambda pin: replace(pin, corpus=replace(pin.corpus, ingest_seq=1)),
        lambda pin: replace(pin, champion=pin.anchor),
        lambda pin: replace(pin, look=replace(pin.look, inputs=Digest(""))),
    ],
)
def test_a_pin_edited_by_hand_is_refused(workspace: Workspace, forge: Callable[[Pin], Pin]) -> None:
    params = build_section()
    pin = forge(bind(workspace, params))
    write_json(workspace.of(DOMAIN).pin, pin)
    assert not is_own_look(workspace, DOMAIN, params, pin)
    with pytest.raises(WorkspaceError, match="reserved for other inputs"):
        refuse_foreign_look(workspace, DOMAIN, params)


def test_code_from_elsewhere_may_not_use_the_look(workspace: Workspace) -> None:
    """The digest is of this checkout's files; the code of another one (an installed package) would look in their name."""
    params = build_section()
    bind(workspace, params)
    with pytest.raises(WorkspaceError, match=re.escape(f"the code that runs lies in {REPOSITORY}")):
        refuse_foreign_look(workspace, DOMAIN, params)


def test_without_a_look_anything_may_be_tried(workspace: Workspace) -> None:
    write_json(workspace.of(DOMAIN).pin, PIN)
    refuse_foreign_look(workspace, DOMAIN, build_section(judge={"alpha": 0.2}))


WORDS = st.text(min_size=1, max_size=8)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.one_of(WORDS, st.just("key")), inner, max_size=3)),
    max_leaves=12,
)


@given(JSON, st.text(min_size=16, max_size=24, alphabet="xyz"))
def test_no_secret_is_left_anywhere(value: Any, secret: str) -> None:
    sealed = seal_keys({"steps": [{"key": secret}, value], "key": secret})
    assert secret not in str(sealed)


@given(JSON)
def test_sealing_leaves_everything_else_as_it_is(value: Any) -> None:
    def strip(part: Any) -> Any:
        if isinstance(part, dict):
            return {name: strip(inner) for name, inner in part.items() if name != "key"}
        return [strip(inner) for inner in part] if isinstance(part, list) else part

    assert strip(seal_keys(value)) == strip(value)


def test_a_look_is_named_by_what_it_was_reserved_for() -> None:
    """Where the count of looks begins anew with a period, two looks differ in nothing else."""
    looks = [Look(generation=1, t=1, alpha=0.03, plan=Digest("p" * 64), inputs=Digest(name * 64)) for name in "ab"]
    assert replace(PIN, look=looks[0]).run_id != replace(PIN, look=looks[1]).run_id
