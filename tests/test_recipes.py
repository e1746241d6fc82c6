"""A recipe says how a model was made, the same wherever it is made, and gives no secret away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import DomainName
from pipelines.domain.recipes import Recipe
from pipelines.files import digest_folder, read_json, write_json
from pipelines.inputs import digest_code, digest_constraints
from pipelines.params import DomainParams
from pipelines.recipes import build_recipe, flatten, leave_out_keys, write_recipe
from pipelines.workspace import Workspace
from tests.builders.curations import lay_snapshot
from tests.builders.domains import build_pin
from tests.builders.installations import REPOSITORY, build_params
from tests.builders.revisions import build_entry

DOMAIN = DomainName("clinical")
HERE = Workspace(REPOSITORY)
SECRET = "a secret of sixteen letters"


def build_section(**fields: Any) -> DomainParams:
    return DomainParams.model_validate(build_params(Path("inbox"), **fields)["clinical"])


def lay_workspace(root: Path) -> Workspace:
    """A checkout of the code with a pin and a snapshot of two sources."""
    (root / "pipelines").symlink_to(REPOSITORY / "pipelines")
    for name in ("dvc.yaml", "constraints.txt"):
        (root / name).symlink_to(REPOSITORY / name)
    workspace = Workspace(root)
    lay_snapshot(workspace.of(DOMAIN).root, [build_entry("a", source="pubmed"), build_entry("b"), build_entry("c")])
    write_json(workspace.of(DOMAIN).pin, build_pin())
    return workspace


def test_is_written_beside_the_verdict_and_reads_back(tmp_path: Path) -> None:
    workspace = lay_workspace(tmp_path)
    recipe = write_recipe(workspace, DOMAIN, build_section())
    assert read_json(workspace.of(DOMAIN).verdict / "recipe.json", Recipe) == recipe
    assert recipe.sources == ("folder", "pubmed")
    assert (recipe.corpus, recipe.ingest_seq) == (build_pin().corpus.manifest_digest, 9)
    assert recipe.labels == ("Class I", "Class II", "Class III")
    assert recipe.code == digest_code(HERE)
    assert recipe.constraints == digest_constraints(HERE)


def test_names_no_place_and_is_the_same_everywhere(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        workspace = lay_workspace(tmp_path / name)
        write_recipe(workspace, DOMAIN, build_section())
        made.append(digest_folder(workspace.of(DOMAIN).verdict))
        assert str(tmp_path) not in (workspace.of(DOMAIN).verdict / "recipe.json").read_text(encoding="utf-8")
    assert made[0] == made[1]


@pytest.mark.parametrize("missing", ["pin.json", "snapshot/revisions.parquet"])
def test_names_what_is_missing(tmp_path: Path, missing: str) -> None:
    workspace = lay_workspace(tmp_path)
    (workspace.of(DOMAIN).root / missing).unlink()
    with pytest.raises(WorkspaceError, match="is missing"):
        write_recipe(workspace, DOMAIN, build_section())


def test_params_are_dotted_names_and_canonical_json() -> None:
    flat = flatten(build_section(train={"threads": 1, "learner": {"kind": "classifier", "rate": 5e-5}}))
    assert flat["train.learner.rate"] == "5e-05"
    assert flat["train.learner.kind"] == '"classifier"'
    assert flat["train.learner.max_steps"] == "null"
    assert flat["labels"] == '["Class I","Class II","Class III"]'
    assert json.loads(flat["judge.gates"])[0]["minimum"] == 0.4
    assert not any(name.split(".")[0] in {"watch", "admit", "retrain", "promote", "description"} for name in flat)


def test_keys_are_left_out_and_of_the_splits_key_only_a_seal_is_kept() -> None:
    steps = {"steps": [{"kind": "deidentify", "key": SECRET}]}
    flat = flatten(build_section(curate=steps, split={"key": SECRET}))
    assert SECRET not in str(flat)
    assert json.loads(flat["curate.steps"])[0]["kind"] == "deidentify"
    assert "key" not in json.loads(flat["curate.steps"])[0]
    assert flat["split.key"] != flatten(build_section(split={"key": "another"}))["split.key"]
    others = {"steps": [{"kind": "deidentify", "key": f"{SECRET} too"}]}
    assert flatten(build_section(curate=others))["curate.steps"] == flat["curate.steps"]


def test_sources_are_a_set() -> None:
    recipe = build_recipe(HERE, build_section(), build_pin().corpus, ["b", "a", "b"])
    assert recipe.sources == ("a", "b")


JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "key", "keys", "b.c"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(JSON)
def test_leaving_keys_out_takes_nothing_else_and_is_done_once(value: Any) -> None:
    def count(part: Any) -> int:
        if isinstance(part, dict):
            return sum(1 + count(it) for name, it in part.items() if name != "key" or not isinstance(it, str))
        return sum(map(count, part)) if isinstance(part, list) else 1

    left = leave_out_keys(value)
    assert leave_out_keys(left) == left
    assert count(left) == count(value)
