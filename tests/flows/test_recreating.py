"""A recreation has a place of its own, stands on the record alone, and is called alike only where it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

from flows.claims import Claim, find_claim
from flows.places import Place
from flows.recreating import Recreation, lay_checkout, lend_environment
from flows.surroundings import Surroundings
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import RunId
from pipelines.domain.pins import Pin
from pipelines.files import digest_folder
from pipelines.learners.comparing import FileMatch, TensorDifference
from pipelines.workspace import Workspace
from tests.builders.claims import RUN, judge_run
from tests.builders.outcomes import build_pin, forge_digest
from tests.builders.places import DOMAIN, judge_candidate


def test_a_checkout_has_the_ledgers_pin_the_weights_it_names_and_no_lock(place: Place, tmp_path: Path) -> None:
    serving = judge_candidate(place, "served")
    model, pin = judge_run(place, build_pin(champion=serving, anchor=serving))
    tree = lay_checkout(place, find_claim(place, DOMAIN, model.version), tmp_path / "into")
    assert TypeAdapter(Pin).validate_json(tree.folder.pin.read_bytes()) == pin
    assert digest_folder(tree.folder.champion) == digest_folder(tree.folder.anchor) == serving.digest
    assert not tree.lock.exists()
    assert f"dir = {tmp_path / 'into' / 'home' / 'dvc' / 'cache'}" in (tree.root / ".dvc" / "config.local").read_text()


def test_weights_come_from_the_evidence_where_it_has_them(place: Place, tmp_path: Path) -> None:
    serving = judge_candidate(place, "served")
    place.evidence.put_folder(place.home.root / "made" / "served")
    model, _ = judge_run(place, build_pin(champion=serving, anchor=None))
    place.registry.client().delete_model_version(DOMAIN, str(serving.version))
    tree = lay_checkout(place, find_claim(place, DOMAIN, model.version), tmp_path / "into")
    assert digest_folder(tree.folder.champion) == serving.digest


def test_the_stages_of_a_recreation_are_lent_the_keys_that_its_params_name(place: Place, tmp_path: Path) -> None:
    model, _ = judge_run(place)
    tree = lay_checkout(place, find_claim(place, DOMAIN, model.version), tmp_path / "into")
    assert lend_environment(place, tree).keys() == {"ADDENDUM_HOME", "ADDENDUM_WORKSPACE", "ADDENDUM_CORPUS_ROOT"}
    params = Workspace(tree.root).params
    written = yaml.safe_load(params.read_text(encoding="utf-8"))
    written[DOMAIN]["split"]["key"] = {"env": "SPLIT_KEY", "seal": "0" * 64}
    params.write_text(yaml.safe_dump(written), encoding="utf-8")
    assert lend_environment(place, tree)["ADDENDUM_HOME"] == str(tmp_path / "into" / "home")
    assert "SPLIT_KEY" not in lend_environment(place, tree)
    key = place.settings.make_key("SPLIT_KEY")
    assert lend_environment(place, tree)["SPLIT_KEY"] == key


def test_a_folder_with_something_in_it_is_refused(place: Place, tmp_path: Path) -> None:
    model, _ = judge_run(place)
    (tmp_path / "mine.txt").write_text("mine")
    for taken in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(WorkspaceError, match="is not an empty folder: name a new one"):
            lay_checkout(place, find_claim(place, DOMAIN, model.version), taken)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_commit_that_is_not_here_is_refused_by_its_name(place: Place, tmp_path: Path) -> None:
    model, _ = judge_run(place, commit="0123456789abcdef0123456789abcdef01234567")
    with pytest.raises(WorkspaceError, match=r"the commit 0123456789abcdef.* is not in this repository: fetch it"):
        lay_checkout(place, find_claim(place, DOMAIN, model.version), tmp_path / "into")


def build_recreation(*, tolerance: float = 0.0, relative: float = 0.0, **files: tuple[str | None, str | None]) -> Recreation:
    claim = Claim(
        domain=DOMAIN,
        version=1,
        run_id=RunId(RUN),
        digest=forge_digest("model"),
        pin=build_pin(),
        commit="c",
        since_seq=1,
    )
    matches = tuple(
        FileMatch(name=name.replace("_", "."), expected=before and forge_digest(before), found=after and forge_digest(after))
        for name, (before, after) in files.items()
    )
    tensors = (TensorDifference(file="w.safetensors", tensor="w", absolute=relative, relative=relative),)
    around = Surroundings(differences=(), is_same=True)
    found = forge_digest("another")
    return Recreation(
        claim=claim, found=found, files=matches, tensors=tensors, stages=(), surroundings=around, tolerance=tolerance
    )


@pytest.mark.parametrize(
    ("files", "relative", "expected"),
    [
        ({"w_safetensors": ("a", "b"), "m_json": ("x", "x")}, 0.9e-3, True),
        ({"w_safetensors": ("a", "b"), "m_json": ("x", "x")}, 1.1e-3, False),
        ({"w_safetensors": ("a", "b"), "m_json": ("x", "y")}, 0.0, False),
        ({"w_safetensors": ("a", "b"), "m_json": ("x", None)}, 0.0, False),
        ({"w_safetensors": ("a", None), "m_json": ("x", "x")}, 0.0, False),
        ({"w_safetensors": ("a", "b"), "v_safetensors": (None, "b")}, 0.0, False),
    ],
    ids=["close", "too far", "another vocabulary", "a file less", "no weights", "more weights"],
)
def test_within_the_tolerance_is_every_tensor_close_and_every_other_file_the_same(
    files: dict[str, tuple[str | None, str | None]], relative: float, *, expected: bool
) -> None:
    made = build_recreation(tolerance=1e-3, relative=relative, **files)
    assert not made.is_identical
    assert made.is_within is expected
