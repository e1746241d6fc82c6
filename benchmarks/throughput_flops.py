"""What a training must compute at least, and what the device could: their quotient over time is the model's FLOPs utilisation.

Six operations a weight and token (two forward, four backward), and 12 x layers x width x length for attention, all pairs counted:
Chowdhery et al. (2022), PaLM, https://arxiv.org/abs/2204.02311, appendix B. An embedding that is only looked up counts nothing; a
head that scores every word does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

PEAKS = {
    "H200": 989e12,
    "H100": 989e12,
    "A100": 312e12,
    "L40S": 362e12,
    "L4": 121e12,
    "A10": 125e12,
    "RTX 4090": 165e12,
    "MI300X": 1307e12,
}
"""Dense bf16 FLOP/s by a part of the device's name, from the makers' data sheets (H100 and H200 as SXM)."""


def count_flops(network: Any, lengths: NDArray[np.int64]) -> float:  # noqa: ANN401  # transformers has no types
    """Return the floating-point operations of a training step for each token of text, for rows of ``lengths``."""
    layers = [module for module in network.modules() if isinstance(module, torch.nn.Linear) and module.out_features > 1]
    weights = sum(module.weight.numel() for module in layers)
    config = getattr(network, "encoder", network).config
    seen = float((lengths.astype(float) ** 2).sum() / lengths.sum())
    return float(6.0 * weights + 12.0 * config.num_hidden_layers * config.hidden_size * seen)


def find_peak() -> float | None:
    """Return what the accelerator can do in bf16 (FLOP/s); ``None`` for one that is not known, and for a CPU."""
    if not torch.cuda.is_available():
        return None
    name = torch.cuda.get_device_name()
    return next((peak for part, peak in PEAKS.items() if part in name), None)
