"""Where a pretrained model comes from: a package on the index, a folder, the Hugging Face hub, or nowhere (made from scratch)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Literal

from pipelines.domain.errors import ParamsError
from pipelines.learners.shapes import SHAPES

COMMIT = re.compile("[0-9a-f]{40}")
Origin = Literal["folder", "gguf", "hub", "scratch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A base that was found. ``name`` is the folder's path, the GGUF file's path, the hub's name, or a size."""

    origin: Origin
    name: str
    revision: str | None = None


def find_base(base: str) -> Base:
    """Return where ``base`` is; raises :class:`ParamsError` for a form that is not known and for one that is not there.

    Nothing is imported from a package and no code of a model is ever run: only its files are read.
    """
    form, _, name = base.partition(":")
    if form == "package":
        return _find_package(name)
    if form == "path":
        return _check_folder(Path(name))
    if form == "hub":
        repository, _, revision = name.partition("@")
        if not COMMIT.fullmatch(revision):
            problem = "name the revision by its commit of 40 digits (hub:NAME@REVISION); a branch or a tag can be moved"
            raise ParamsError(f"base {base!r}: {problem}")
        return Base(origin="hub", name=repository, revision=revision)
    if form == "scratch" and name in SHAPES:
        return Base(origin="scratch", name=name)
    sizes = ", ".join(SHAPES)
    raise ParamsError(f"base {base!r}: must be package:NAME, path:FOLDER, hub:NAME@REVISION or scratch:SIZE ({sizes})")


def _find_package(name: str) -> Base:
    try:
        installed = distribution(name)
    except PackageNotFoundError as error:
        raise ParamsError(f"base package:{name}: not installed: `pip install {name}`") from error
    for file in sorted(installed.files or (), key=str):
        if file.suffix == ".gguf":
            return Base(origin="gguf", name=str(installed.locate_file(file)))
        if file.name == "model.safetensors":
            return _check_folder(Path(str(installed.locate_file(file))).parent)
    raise ParamsError(f"base package:{name}: the package holds neither a GGUF file nor a model.safetensors")


def _check_folder(folder: Path) -> Base:
    for needed in ("config.json", "tokenizer.json"):
        if not (folder / needed).is_file():
            raise ParamsError(f"base path:{folder}: there is no {needed} in it")
    return Base(origin="folder", name=str(folder))
