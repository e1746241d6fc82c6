"""A value changes and nothing else of the file: no comment, no quote, no order, and never into params that are not valid."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
import yaml

from flows.rewriting import rewrite_params
from pipelines.domain.errors import ParamsError
from tests.builders.installations import REPOSITORY, build_params

SHIPPED = [REPOSITORY / "params.yaml", REPOSITORY / "infra" / "rehearsal" / "params.yaml"]
shipped = pytest.mark.parametrize("path", SHIPPED, ids=["ours", "the rehearsal's"])


def copy(path: Path, folder: Path) -> Path:
    written = folder / "params.yaml"
    written.write_bytes(path.read_bytes())
    return written


def list_changes(before: Path, after: Path) -> list[str]:
    lines = difflib.unified_diff(before.read_text().splitlines(), after.read_text().splitlines(), n=0, lineterm="")
    return [line for line in lines if line[0] in "+-" and not line.startswith(("+++", "---"))]


def find_margin(path: Path, domain: str) -> int:
    gates = yaml.safe_load(path.read_text())[domain]["judge"]["gates"]
    return next(place for place, gate in enumerate(gates) if gate["kind"] == "non_inferiority")


@shipped
def test_nothing_to_change_leaves_every_byte(path: Path, tmp_path: Path) -> None:
    written = copy(path, tmp_path)
    rewrite_params(written, {})
    assert written.read_bytes() == path.read_bytes()


@shipped
@pytest.mark.parametrize("domain", ["clinical", "regulatory"])
def test_a_margin_changes_one_line_and_no_other(path: Path, tmp_path: Path, domain: str) -> None:
    written = copy(path, tmp_path)
    place = find_margin(path, domain)
    rewrite_params(written, {(domain, "judge", "gates", place, "margin"): 0.123})
    removed, added = list_changes(path, written)
    assert removed[1:].split("margin")[0] == added[1:].split("margin")[0]
    assert "0.123" in added
    assert yaml.safe_load(written.read_text())[domain]["judge"]["gates"][place]["margin"] == 0.123
    assert [one.name for one in tmp_path.iterdir()] == ["params.yaml"]


def test_a_section_that_is_missing_is_made(tmp_path: Path) -> None:
    written = copy(SHIPPED[0], tmp_path)
    rewrite_params(written, {("clinical", "judge", "power", "discordance"): 0.03})
    assert all(line.startswith("+") for line in list_changes(SHIPPED[0], written))
    assert yaml.safe_load(written.read_text())["clinical"]["judge"]["power"] == {"discordance": 0.03}


def test_a_file_whose_lists_stand_below_their_keys_keeps_them_there(tmp_path: Path) -> None:
    written = tmp_path / "params.yaml"
    written.write_text(yaml.safe_dump(build_params(tmp_path / "inbox"), sort_keys=False))
    before = copy(written, tmp_path / "before") if (tmp_path / "before").mkdir() is None else written
    rewrite_params(written, {("clinical", "train", "seed"): 7})
    assert [line.strip("+ ") for line in list_changes(before, written)] == ["seed: 7"]


def test_what_would_not_be_valid_is_refused_and_the_file_is_as_it_was(tmp_path: Path) -> None:
    written = copy(SHIPPED[0], tmp_path)
    with pytest.raises(ParamsError, match=r"params\.yaml"):
        rewrite_params(written, {("clinical", "train", "seed"): "seven"})
    assert written.read_bytes() == SHIPPED[0].read_bytes()
    assert [one.name for one in tmp_path.iterdir()] == ["params.yaml"]
