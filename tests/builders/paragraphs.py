"""Files of amended paragraphs like the real ones, in small."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.amendments_paragraphs import AMENDMENT, EARLIER, Numbers

FEW = Numbers(amended=4, earlier=2, replayable=3, untouched=3, longest=30)


def build_change(number: int, **fields: Any) -> dict[str, Any]:
    """A pair of the amendment that the benchmark is about."""
    defaults = {
        "part": "1003",
        "label": f"1003-{number}",
        "change": "modified",
        "old_text": f"An institution shall report item {number} within seven days of its receipt.",
        "new_text": f"An institution shall report item {number} within thirty days of its receipt.",
        "new_document": AMENDMENT[0],
        "new_effective": AMENDMENT[1],
    }
    return {**defaults, **fields}


def build_version(number: int, **fields: Any) -> dict[str, Any]:
    """A paragraph's only version."""
    defaults = {
        "part": "1005",
        "label": f"1005-{number}",
        "effective": "2011-12-30",
        "text": f"A consumer may ask about transfer {number} by telephone or in writing.",
    }
    return {**defaults, **fields}


def build_earlier(number: int) -> dict[str, Any]:
    """A pair of an earlier amendment."""
    return build_change(number, part="1005", label=f"1005-e{number}", new_document="2012-1", new_effective=EARLIER)


def write_paragraphs(folder: Path, changes: Sequence[dict[str, Any]], versions: Sequence[dict[str, Any]]) -> Path:
    """Write both files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("revision_pairs", changes), ("paragraph_versions", versions)):
        lines = "".join(f"{json.dumps(row)}\n" for row in rows)
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(lines.encode(), mtime=0))
    return folder


def build_changes() -> list[dict[str, Any]]:
    """As many as ``FEW`` wants, and some more."""
    return [*(build_change(number) for number in range(8)), *(build_earlier(number) for number in range(4))]


def build_versions() -> list[dict[str, Any]]:
    """As many as ``FEW`` wants, and some more."""
    return [build_version(number) for number in range(9)]
