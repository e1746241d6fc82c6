"""What a model was trained on, beside its inputs: noted where the run is shown, never among the outputs, which name no place.

The same inputs give the same bytes on the same machine; on another one the last bits of a sum may differ, and whoever recreates a
model must know which of the two is to be expected.
"""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

MACHINE_TAG = "addendum.machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The processor, the device that a network runs on (``cpu`` for a model without one), Python and the system.

    ``processes`` is how many trained together: their number changes the last bits as another processor does.
    """

    cpu: str
    device: str
    python: str
    system: str
    processes: str = "1"


def describe_machine(kind: str, processes: int = 1) -> Machine:
    """Return what a model of this kind would be trained on here, by so many ``processes``; torch is asked only where needed."""
    return Machine(
        cpu=_find_cpu(),
        device="cpu" if kind == "linear" else _find_device(),
        python=platform.python_version(),
        system=platform.system(),
        processes="1" if kind == "linear" else str(processes),
    )


def write_machine(machine: Machine) -> str:
    """Return the machine as one line of text."""
    return json.dumps(asdict(machine), sort_keys=True)


def read_machine(text: str) -> Machine | None:
    """Return what :func:`write_machine` wrote; ``None`` for anything else."""
    try:
        fields = json.loads(text)
        return Machine(**{name: str(value) for name, value in fields.items()})
    except (ValueError, TypeError, AttributeError):
        return None


def _find_device() -> str:
    import torch

    from pipelines.learners.devices import find_device

    device = find_device()
    return f"cuda: {torch.cuda.get_device_name(device)}" if device.type == "cuda" else device.type


def _find_cpu(listing: Path = Path("/proc/cpuinfo")) -> str:
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
