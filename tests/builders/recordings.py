"""Recorded answers of the real APIs, where the folder of real data is there: read in place, never copied."""

from __future__ import annotations

import base64
import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One exchange of a cassette."""

    url: str
    status: int
    headers: dict[str, str]
    body: bytes


def find_data(name: str) -> Path:
    """Return a file or folder of the real data; skips the test where it is absent."""
    path = Settings().data / name
    if not path.exists():
        pytest.skip(f"no {path}: the folder of real data is optional")
    return path


def read_bytes(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def read_cassette(path: Path) -> list[Recorded]:
    """Return the exchanges of a VCR cassette, as Ruby writes them."""
    exchanges = yaml.load(read_bytes(path), Loader=_RubyLoader)["http_interactions"]  # noqa: S506 - a safe loader with one tag
    return [_read_exchange(exchange) for exchange in exchanges]


def _read_exchange(exchange: dict[str, Any]) -> Recorded:
    response = exchange["response"]
    body = response["body"].get("string") or ""
    return Recorded(
        url=exchange["request"]["uri"],
        status=response["status"]["code"],
        headers={name.lower(): values[0] for name, values in response["headers"].items()},
        body=body if isinstance(body, bytes) else body.encode(),
    )


class _RubyLoader(yaml.CSafeLoader):
    """Knows Ruby's name for binary texts."""


def _read_text(loader: _RubyLoader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


def _read_binary(loader: _RubyLoader, node: yaml.ScalarNode) -> bytes:
    return base64.b64decode(_read_text(loader, node))


_RubyLoader.add_constructor("!binary", _read_binary)
_RubyLoader.add_constructor("tag:yaml.org,2002:yaml", _read_text)
