"""How much energy a stage takes, where the machine counts it: the GPUs (NVML) and the processor packages (RAPL).

Both count for the whole device, whoever uses it, and neither is there on every machine; RAPL is often readable by root alone.
What cannot be measured is said to be not measurable, and is never estimated.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

POWERCAP = Path("/sys/class/powercap")
NVML = "libnvidia-ml.so.1"
MICRO, MILLI = 1e-6, 1e-3
ENDLESS = 2**64


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """Joules, ``None`` where nothing counts them, and what was counted, or why nothing was."""

    joules: float | None
    source: str


class Counter(Protocol):
    """Something that counts energy upwards and begins anew at ``limit``."""

    @property
    def source(self) -> str:
        """What is counted, in a word."""
        ...

    @property
    def unit(self) -> float:
        """Joules that a count of one stands for."""
        ...

    @property
    def limit(self) -> int:
        """The count after which it begins anew."""
        ...

    def read(self) -> int | None:
        """Return the count in units of ``unit`` joules, ``None`` where it cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class PackageCounter:
    """RAPL's count of one processor package, in microjoules (https://docs.kernel.org/power/powercap/powercap.html)."""

    folder: Path
    limit: int
    source: str = "processor"
    unit: float = MICRO

    def read(self) -> int | None:
        """Return the count."""
        return _read_number(self.folder / "energy_uj")


@dataclass(frozen=True, slots=True)
class DeviceCounter:
    """NVML's count of one GPU since its driver was loaded, in millijoules; from Volta on, and not for a slice of a GPU."""

    library: ctypes.CDLL
    handle: ctypes.c_void_p
    source: str = "GPU"
    unit: float = MILLI
    limit: int = ENDLESS

    def read(self) -> int | None:
        """Return the count."""
        count = ctypes.c_ulonglong()
        is_read = self.library.nvmlDeviceGetTotalEnergyConsumption(self.handle, ctypes.byref(count)) == 0
        return count.value if is_read else None


class Meter:
    """Adds up what counters count from now on. One that begins anew must be read once in between, so read it now and then."""

    def __init__(self, counters: Sequence[Counter]) -> None:
        first = [(counter, counter.read()) for counter in counters]
        self._last = [(counter, count) for counter, count in first if count is not None]
        self._sums = [0] * len(self._last)

    @classmethod
    def open(cls) -> Self:
        """Return a meter of everything that this machine counts and this process may read."""
        return cls([*find_devices(os.environ), *find_packages()])

    def read(self) -> Energy:
        """Return the energy so far."""
        for place, (counter, before) in enumerate(self._last):
            now = counter.read()
            if now is not None:
                self._sums[place] += (now - before) % counter.limit
                self._last[place] = (counter, now)
        if not self._last:
            return Energy(
                joules=None, source="not measurable: no GPU that counts, and /sys/class/powercap is absent or not readable"
            )
        joules = sum(total * counter.unit for total, (counter, _) in zip(self._sums, self._last, strict=True))
        return Energy(joules=joules, source=" and ".join(sorted({counter.source for counter, _ in self._last})))


def find_packages(root: Path = POWERCAP) -> list[Counter]:
    """Return a counter a processor package; parts of a package, which it counts already, are left out."""
    found: list[Counter] = []
    for folder in sorted(root.glob("intel-rapl:*")):
        limit = _read_number(folder / "max_energy_range_uj")
        if folder.name.count(":") == 1 and limit:
            found.append(PackageCounter(folder, limit))
    return found


def find_devices(environment: Mapping[str, str], library: ctypes.CDLL | None = None) -> list[Counter]:
    """Return a counter for each GPU that a process in ``environment`` may use (``CUDA_VISIBLE_DEVICES``; without it, all)."""
    library = library or _load_nvml()
    count = ctypes.c_uint()
    if library is None or library.nvmlInit_v2() != 0 or library.nvmlDeviceGetCount_v2(ctypes.byref(count)) != 0:
        return []
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    names = [str(number) for number in range(count.value)] if visible is None else [name.strip() for name in visible.split(",")]
    return [DeviceCounter(library, handle) for name in names if (handle := _find_device(library, name)) is not None]


def _find_device(library: ctypes.CDLL, name: str) -> ctypes.c_void_p | None:
    handle = ctypes.c_void_p()
    if name.isdigit():
        is_found = library.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(int(name)), ctypes.byref(handle)) == 0
    else:
        is_found = library.nvmlDeviceGetHandleByUUID(name.encode(), ctypes.byref(handle)) == 0
    return handle if is_found else None


def _load_nvml() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(NVML)
    except OSError:
        return None


def _read_number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
