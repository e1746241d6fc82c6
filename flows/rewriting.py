"""Change values in ``params.yaml`` and nothing else of it: comments, order and quotes are people's, and stay."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipelines.domain.errors import ParamsError
from pipelines.files import write_bytes
from pipelines.params import read_params

Key = str | int
"""A key of a mapping, or a place in a list."""


def rewrite_params(path: Path, values: Mapping[tuple[Key, ...], object]) -> None:
    """Set each value at its place (sections on the way are made), and keep the file when nothing changes.

    Raises :class:`ParamsError` when the result would not be valid params; the file is then as it was.
    """
    before = path.read_bytes()
    yaml = _open_yaml(before.decode())
    tree: Any = yaml.load(before)
    for place, value in values.items():
        _set(tree, place, value)
    sink = io.BytesIO()
    yaml.dump(tree, sink)
    _check(path, sink.getvalue())
    if sink.getvalue() != before:
        write_bytes(path, sink.getvalue())


def _open_yaml(text: str) -> YAML:
    """Return a reader that writes lists as the file has them: deeper than their key, or below it."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    is_deeper = re.search(r"^( *)[^\s#-][^\n]*:\n(?: *#[^\n]*\n)*\1 +- ", text, re.MULTILINE) is not None
    yaml.indent(mapping=2, sequence=4 if is_deeper else 2, offset=2 if is_deeper else 0)
    return yaml


def _set(tree: Any, place: tuple[Key, ...], value: object) -> None:  # noqa: ANN401  # ruamel's tree has no types
    *way, last = place
    for key in way:
        if isinstance(key, str) and tree.get(key) is None:
            tree[key] = {}
        tree = tree[key]
    tree[last] = value


def _check(path: Path, content: bytes) -> None:
    candidate = path.with_name(f".{path.name}.planned")
    candidate.write_bytes(content)
    try:
        read_params(candidate)
    except ParamsError as error:
        raise ParamsError(str(error).replace(str(candidate), str(path))) from error
    finally:
        candidate.unlink()
