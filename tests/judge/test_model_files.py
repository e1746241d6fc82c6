"""A folder is read as bytes: whatever could run, lies about itself or is not what its name says is a problem by name."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import SafetensorError
from safetensors.numpy import load, save

from pipelines.files import write_bytes, write_json
from pipelines.judge.model_files import ModelFile, read_model_files

WEIGHTS = save({"a": np.ones((2, 3), dtype=np.float32), "b": np.zeros(5, dtype=np.float16)}, {"format": "np"})


def lay_model(folder: Path, **files: bytes) -> Path:
    """Lay a sound model, with ``files`` beside it or in the place of its own; two underscores stand for a dot."""
    own = {"weights__safetensors": WEIGHTS, "model__json": b"{}\n", "tokenizer__json": b'{"model": {"vocab": {"a": 1}}}'}
    for name, content in {**own, **files}.items():
        write_bytes(folder / name.replace("__", "."), content)
    return folder


def forge(header: Any, data: bytes = b"") -> bytes:
    """Return a safetensors file with any header at all."""
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(content).to_bytes(8, "little") + content + data


def tensor(start: int, end: int, shape: list[Any] | None = None, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": [(end - start) // 4] if shape is None else shape, "data_offsets": [start, end]}


def test_a_sound_model_has_no_problem_and_is_counted(tmp_path: Path) -> None:
    found = read_model_files(lay_model(tmp_path))
    assert found.problems == ()
    assert found.parameters == 2 * 3 + 5
    assert [file.name for file in found.files] == ["model.json", "tokenizer.json", "weights.safetensors"]
    assert found.files[0] == ModelFile(name="model.json", size=3)
    assert found.size == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_files_in_folders_are_read_and_a_gitignore_is_no_part_of_it(tmp_path: Path) -> None:
    lay_model(tmp_path)
    write_bytes(tmp_path / "shards" / "more.safetensors", WEIGHTS)
    write_bytes(tmp_path / ".gitignore", b"/model\n")
    found = read_model_files(tmp_path)
    assert (found.problems, found.parameters) == ((), 22)
    assert "shards/more.safetensors" in {file.name for file in found.files}


@pytest.mark.parametrize("name", ["model__bin", "model__py", "config", "vocab__txt", "model__json__exe", "__bashrc"])
def test_another_kind_of_file_is_a_problem(tmp_path: Path, name: str) -> None:
    found = read_model_files(lay_model(tmp_path, **{name: b"text"}))
    assert found.problems == (f"{name.replace('__', '.')} is neither safetensors nor JSON",)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", ["model__json", "weights__safetensors", "pytorch_model__bin"])
def test_a_pickle_is_a_problem_whatever_it_is_called(tmp_path: Path, name: str, protocol: int) -> None:
    found = read_model_files(lay_model(tmp_path, **{name: pickle.dumps({"weights": [1.0]}, protocol)}))
    assert f"{name.replace('__', '.')} starts like a pickle" in found.problems


def test_an_old_pickle_called_json_is_no_json(tmp_path: Path) -> None:
    found = read_model_files(lay_model(tmp_path, model__json=pickle.dumps({"a": 1}, 0)))
    assert found.problems == ("model.json is not JSON",)


def test_an_archive_of_torch_is_a_problem(tmp_path: Path) -> None:
    lay_model(tmp_path)
    with zipfile.ZipFile(tmp_path / "weights.safetensors", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps([1.0]))
    assert read_model_files(tmp_path).problems == ("weights.safetensors starts like a pickle",)


def test_a_link_is_a_problem_wherever_it_leads(tmp_path: Path) -> None:
    lay_model(tmp_path / "model")
    write_bytes(tmp_path / "outside" / "inner.json", b"{}")
    (tmp_path / "model" / "linked.json").symlink_to(tmp_path / "outside" / "inner.json")
    (tmp_path / "model" / "dangling.json").symlink_to(tmp_path / "nowhere")
    (tmp_path / "model" / "shards").symlink_to(tmp_path / "outside")
    found = read_model_files(tmp_path / "model")
    assert found.problems == ("dangling.json is a link", "linked.json is a link", "shards is a link")
    assert {file.name for file in found.files} == {"model.json", "tokenizer.json", "weights.safetensors"}


def test_a_folder_that_is_itself_a_link_is_a_problem(tmp_path: Path) -> None:
    lay_model(tmp_path / "model")
    (tmp_path / "linked").symlink_to(tmp_path / "model")
    assert read_model_files(tmp_path / "linked").problems == ("the folder itself is a link",)


@pytest.mark.parametrize("bit", [0o100, 0o010, 0o001])
def test_an_executable_is_a_problem(tmp_path: Path, bit: int) -> None:
    lay_model(tmp_path)
    (tmp_path / "model.json").chmod(0o644 | bit)
    assert read_model_files(tmp_path).problems == ("model.json is executable",)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(lay_model(tmp_path) / "pipe.json")
    assert read_model_files(tmp_path).problems == ("pipe.json is no plain file",)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"import os", b"[" * 100_000], ids=["empty", "half", "bytes", "code", "deep"]
)
def test_json_must_read_as_json(tmp_path: Path, content: bytes) -> None:
    assert read_model_files(lay_model(tmp_path, model__json=content)).problems == ("model.json is not JSON",)


def test_an_entry_that_is_named_twice_is_a_problem(tmp_path: Path) -> None:
    found = read_model_files(lay_model(tmp_path, model__json=b'{"a": 1, "a": 2}'))
    assert found.problems == ("model.json names an entry twice",)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "has a header longer than the file"),
        (b"\x02\x00\x00", "has a header longer than the file"),
        ((1 << 60).to_bytes(8, "little") + b"{}", "has a header longer than the file"),
        (forge({})[:-1], "has a header longer than the file"),
        (forge(b"nonsense"), "is not JSON"),
        (forge([]), "has a header of another form"),
        (forge({"a": 1}), "has a header of another form"),
        (forge({"a": tensor(0, 4, ["1"])}, b"0" * 4), "has a header of another form"),
        (forge({"a": tensor(0, 4, [True])}, b"0" * 4), "has a header of another form"),
        (forge({"a": tensor(0, 4, dtype="OBJECT")}, b"0" * 4), "declares a tensor of an unknown kind"),
        (forge({"a": tensor(0, 4, [-1])}, b"0" * 4), "declares a tensor of an unknown kind"),
        (forge({"a": tensor(0, 8, [1])}, b"0" * 8), "declares a tensor of another length than its shape"),
        (forge({"a": tensor(4, 0, [-1, 1])}, b"0" * 4), "declares a tensor of an unknown kind"),
        (forge({"a": tensor(0, 8)}, b"0" * 4), "has tensors that leave gaps, overlap or reach beyond its end"),
        (forge({"a": tensor(4, 8)}, b"0" * 8), "has tensors that leave gaps, overlap or reach beyond its end"),
        (forge({"a": tensor(0, 4)}, b"0" * 9), "has tensors that leave gaps, overlap or reach beyond its end"),
        (
            forge({"a": tensor(0, 8), "b": tensor(4, 12)}, b"0" * 12),
            "has tensors that leave gaps, overlap or reach beyond its end",
        ),
        (forge({}, b"code"), "has tensors that leave gaps, overlap or reach beyond its end"),
        (forge(b'{"a": 1, "a": 2}'), "names an entry twice"),
    ],
)
def test_weights_that_lie_about_themselves_are_a_problem(tmp_path: Path, content: bytes, problem: str) -> None:
    found = read_model_files(lay_model(tmp_path, weights__safetensors=content))
    assert found.problems == (f"weights.safetensors {problem}",)
    assert found.parameters == 0
    with pytest.raises((SafetensorError, KeyError)):  # and the library, asked nicely, agrees
        load(content)


def test_a_header_says_nothing_beyond_the_format(tmp_path: Path) -> None:
    content = forge({"a": {**tensor(0, 4), "code": "x"}}, b"0" * 4)  # which the library would let pass
    found = read_model_files(lay_model(tmp_path, weights__safetensors=content))
    assert found.problems == ("weights.safetensors has a header of another form",)


def test_tensors_without_any_number_are_sound(tmp_path: Path) -> None:
    content = forge({"none": tensor(0, 0, [0, 5]), "one": tensor(0, 4, []), "last": tensor(4, 4, [0])}, b"0" * 4)
    found = read_model_files(lay_model(tmp_path, weights__safetensors=content))
    assert (found.problems, found.parameters) == ((), 1)


@given(st.lists(st.lists(st.integers(0, 4), max_size=3), max_size=4), st.sampled_from(["float32", "float16", "int64", "bool"]))
def test_whatever_the_library_writes_is_sound_and_counted(
    tmp_path_factory: pytest.TempPathFactory, shapes: list[list[int]], kind: str
) -> None:
    tensors = {f"t{place}": np.zeros(shape, dtype=kind) for place, shape in enumerate(shapes)}
    found = read_model_files(lay_model(tmp_path_factory.mktemp("model"), weights__safetensors=save(tensors)))
    assert (found.problems, found.parameters) == ((), sum(array.size for array in tensors.values()))


@pytest.mark.parametrize("is_there", [False, True])
def test_a_folder_without_weights_is_a_problem(tmp_path: Path, *, is_there: bool) -> None:
    folder = tmp_path / "model"
    if is_there:
        write_json(folder / "model.json", {})
    assert read_model_files(folder).problems == ("the folder holds no weights (*.safetensors)",)


def test_every_problem_is_named(tmp_path: Path) -> None:
    found = read_model_files(lay_model(tmp_path, model__json=b"{", run__sh=b"#!/bin/sh"))
    assert found.problems == ("model.json is not JSON", "run.sh is neither safetensors nor JSON")
