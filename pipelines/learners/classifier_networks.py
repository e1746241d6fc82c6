"""An encoder with a linear head over the mean of its token vectors, from its base or from a champion, and back to disk."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save
from tokenizers import Tokenizer

from pipelines.files import write_bytes
from pipelines.learners.cards import read_card
from pipelines.learners.packing import Packed, attending_within, stack_alike
from pipelines.learners.padding import Padded
from pipelines.learners.weights import Network, load_folder


class ClassifierNetwork(torch.nn.Module):  # type: ignore[misc]  # torch is not followed
    """Token ids to one score a label."""

    def __init__(self, encoder: Network, labels: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = torch.nn.Linear(encoder.config.hidden_size, labels)
        torch.nn.init.zeros_(self.head.weight)
        torch.nn.init.zeros_(self.head.bias)

    def forward(self, batch: Padded | Packed) -> torch.Tensor:
        """Return scores (rows x labels, in the order of the batch) in single precision, whatever the encoder runs in."""
        means = self._read_pack(batch) if isinstance(batch, Packed) else self._read_padded(batch)
        with torch.autocast(means.device.type, enabled=False):
            scores: torch.Tensor = self.head(means)
        return scores

    def _read_padded(self, batch: Padded) -> torch.Tensor:
        vectors = self.encoder(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state.float()
        mask = batch.mask.unsqueeze(-1).float()
        means: torch.Tensor = (vectors * mask).sum(dim=1) / mask.sum(dim=1)
        return means

    def _read_pack(self, pack: Packed) -> torch.Tensor:
        with attending_within(self.encoder.config, pack.lengths):
            read = self.encoder(input_ids=pack.ids, position_ids=pack.positions)
        return torch.cat([rows.mean(dim=1) for rows in stack_alike(read.last_hidden_state[0].float(), pack.lengths)])

    def copy_head(self, tensors: dict[str, torch.Tensor], known: tuple[str, ...], labels: tuple[str, ...]) -> None:
        """Take over the rows of the labels that an earlier head knew; a new label's row stays at nothing."""
        with torch.no_grad():
            for place, label in enumerate(labels):
                if label in known:
                    self.head.weight[place] = tensors["weight"][known.index(label)]
                    self.head.bias[place] = tensors["bias"][known.index(label)]


def write_head(folder: Path, head: torch.nn.Linear) -> None:
    """Write ``head.safetensors`` (labels x width)."""
    tensors = {name: tensor.detach().cpu().float().contiguous() for name, tensor in head.state_dict().items()}
    write_bytes(folder / "head.safetensors", save(tensors))


def read_network(folder: Path, labels: tuple[str, ...]) -> tuple[ClassifierNetwork, Tokenizer]:
    """Read a classifier's folder as a network for ``labels``, which may be more than it knew."""
    encoder, tokenizer = load_folder(folder, "encoder")
    network = ClassifierNetwork(encoder, len(labels))
    network.copy_head(load_file(folder / "head.safetensors"), read_card(folder).labels, labels)
    return network, tokenizer
