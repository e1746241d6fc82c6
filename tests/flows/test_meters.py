"""What is counted is added up, also over a counter's end; what is not counted is said, and never made up."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.meters import Meter, PackageCounter, find_devices, find_packages

NVML_SOURCE = """
#include <string.h>
static unsigned long long total[3] = {1000, 5000, 70};
int nvmlInit_v2(void) { return STATUS; }
int nvmlDeviceGetCount_v2(unsigned int *count) { *count = 3; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **handle) {
    if (index > 2) return 2;
    *handle = &total[index]; return 0;
}
int nvmlDeviceGetHandleByUUID(const char *uuid, void **handle) {
    if (strcmp(uuid, "GPU-a")) return 6;
    *handle = &total[1]; return 0;
}
int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *energy) {
    if (device == &total[2]) return 3;
    *(unsigned long long *)device += 2000; *energy = *(unsigned long long *)device; return 0;
}
"""
"""A driver's library of three GPUs: two that take two joules between readings, and one that does not count."""


def build_package(root: Path, name: str, count: int, limit: int = 1_000_000) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "max_energy_range_uj").write_text(f"{limit}\n", encoding="ascii")
    set_count(folder, count)
    return folder


def set_count(folder: Path, count: int) -> None:
    (folder / "energy_uj").write_text(f"{count}\n", encoding="ascii")


@pytest.fixture(scope="module")
def nvml(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return compile_nvml(tmp_path_factory.mktemp("nvml"), 0)


def compile_nvml(folder: Path, status: int) -> ctypes.CDLL:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler: the driver's library cannot be stood in for")
    source, library = folder / "nvml.c", folder / "libnvidia-ml.so.1"
    source.write_text(NVML_SOURCE.replace("STATUS", str(status)), encoding="ascii")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    return ctypes.CDLL(str(library))


def test_packages_are_added_up_and_their_parts_left_out(tmp_path: Path) -> None:
    first, second = build_package(tmp_path, "intel-rapl:0", 100_000), build_package(tmp_path, "intel-rapl:1", 0)
    build_package(tmp_path, "intel-rapl:0:0", 0)
    meter = Meter(find_packages(tmp_path))
    set_count(first, 350_000)
    set_count(second, 250_000)
    energy = meter.read()
    assert (energy.joules, energy.source) == (pytest.approx(0.5), "processor")


@given(counts=st.lists(st.integers(0, 999), min_size=1, max_size=20))
def test_a_counter_that_begins_anew_loses_nothing_when_it_is_read_in_between(
    counts: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = build_package(tmp_path_factory.mktemp("rapl"), "intel-rapl:0", 0, limit=1000)
    meter, total = Meter([PackageCounter(folder, 1000)]), 0
    for count in counts:
        total += count
        set_count(folder, total % 1000)
        energy = meter.read()
    assert energy.joules == pytest.approx(total * 1e-6)


def test_a_counter_that_cannot_be_read_is_no_counter(tmp_path: Path) -> None:
    (build_package(tmp_path, "intel-rapl:0", 5) / "energy_uj").unlink()
    energy = Meter(find_packages(tmp_path)).read()
    assert energy.joules is None
    assert energy.source.startswith("not measurable: ")


def test_a_package_that_says_no_limit_is_left_out(tmp_path: Path) -> None:
    (build_package(tmp_path, "intel-rapl:0", 5) / "max_energy_range_uj").unlink()
    assert find_packages(tmp_path) == []


@pytest.mark.parametrize(
    ("environment", "joules"),
    [
        ({}, 4.0),
        ({"CUDA_VISIBLE_DEVICES": "1"}, 2.0),
        ({"CUDA_VISIBLE_DEVICES": "GPU-a"}, 2.0),
        ({"CUDA_VISIBLE_DEVICES": "0,1"}, 4.0),
        ({"CUDA_VISIBLE_DEVICES": "2"}, None),
        ({"CUDA_VISIBLE_DEVICES": ""}, None),
        ({"CUDA_VISIBLE_DEVICES": "7"}, None),
    ],
)
def test_only_the_gpus_that_the_process_may_use_are_counted(
    nvml: ctypes.CDLL, environment: dict[str, str], joules: float | None
) -> None:
    energy = Meter(find_devices(environment, nvml)).read()
    assert energy.joules == (None if joules is None else pytest.approx(joules))
    assert energy.source == "GPU" if joules else energy.source.startswith("not measurable")


def test_a_driver_that_does_not_start_counts_nothing(tmp_path: Path) -> None:
    assert find_devices({}, compile_nvml(tmp_path, 9)) == []


def test_gpus_and_processors_are_said_together(nvml: ctypes.CDLL, tmp_path: Path) -> None:
    folder = build_package(tmp_path, "intel-rapl:0", 0, limit=10_000_000)
    meter = Meter([*find_devices({"CUDA_VISIBLE_DEVICES": "0"}, nvml), *find_packages(tmp_path)])
    set_count(folder, 1_500_000)
    energy = meter.read()
    assert (energy.joules, energy.source) == (pytest.approx(3.5), "GPU and processor")


def test_any_machine_answers() -> None:
    energy = Meter.open().read()
    assert (energy.joules is None) is energy.source.startswith("not measurable")
