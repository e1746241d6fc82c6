"""What runs on one machine refuses what it cannot do before it starts anything."""

from __future__ import annotations

from pathlib import Path

from tests.flows.commands.conftest import Call


def test_an_unknown_base_is_refused_before_the_folder_is_touched(call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "rehearsal"
    folder.mkdir()
    (folder / "mine").write_text("keep", encoding="utf-8")
    said = call("demo", "--folder", str(folder), "--base", "gpt-9")
    assert said.exit_code == 1
    assert "there are: smollm2, scratch" in said.stderr.replace("\n", " ")
    assert (folder / "mine").read_text(encoding="utf-8") == "keep"
