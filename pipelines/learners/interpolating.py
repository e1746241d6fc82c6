"""Between what the champion was and what was newly learned: a straight line through the weights, and its best point by dev."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch

from pipelines.learners.cards import Blend, Trial

Weights = Mapping[str, torch.Tensor]


def remember(network: torch.nn.Module) -> Weights:
    """Return a copy of a network's weights, on the CPU: what it was before it learned."""
    return {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}


def interpolate(
    network: torch.nn.Module, old: Weights, shares: Sequence[float], measure: Callable[[], float | None]
) -> Blend | None:
    """Leave ``network`` with the blend of ``old`` and its own weights that ``measure`` (dev, nats) finds best, and tell which.

    A share of 1 is exactly what was learned and 0 exactly ``old``; of equal losses the largest share wins. ``None``, and the
    weights as they were learned, where there is no dev to choose on.
    """
    new, trials = remember(network), list[Trial]()
    for share in sorted(set(shares), reverse=True):
        load_blend(network, old, new, share)
        loss = measure()
        if loss is None:
            load_blend(network, old, new, 1.0)
            return None
        trials.append(Trial(share=share, dev_loss=loss))
    best = min(trials, key=lambda trial: (trial.dev_loss, -trial.share))
    load_blend(network, old, new, best.share)
    return Blend(share=best.share, trials=tuple(sorted(trials, key=lambda trial: trial.share)))


def load_blend(network: torch.nn.Module, old: Weights, new: Weights, share: float) -> None:
    """Set each weight to old + share × (new - old), exact at both ends; what is no weight (a table of positions) stays new."""
    network.load_state_dict({name: _blend(old[name], tensor, share) for name, tensor in new.items()})


def _blend(old: torch.Tensor, new: torch.Tensor, share: float) -> torch.Tensor:
    if share == 1 or not new.is_floating_point():
        return new
    return old if share == 0 else torch.lerp(old, new, share)
