"""Networks of a few thousand weights and rows for them, to compare one way of running them with another."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from transformers import AutoModel, AutoModelForCausalLM, BertConfig, LlamaConfig

from pipelines.learners.padding import Ragged, flatten_rows

VOCABULARY = 50
_SHAPE: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
}


def build_encoder(**fields: Any) -> Any:
    torch.manual_seed(0)
    config = BertConfig(**{**_SHAPE, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, **fields})
    return _roughen(AutoModel.from_config(config))


def build_decoder(**fields: Any) -> Any:
    """With fewer heads of keys than of queries, as the small models of today have them."""
    torch.manual_seed(0)
    return _roughen(AutoModelForCausalLM.from_config(LlamaConfig(**{**_SHAPE, "num_key_value_heads": 2, **fields})))


def build_rows(*lengths: int, seed: int = 0) -> Ragged:
    generator = np.random.default_rng(seed)
    return flatten_rows([generator.integers(1, VOCABULARY, length) for length in lengths])


def read_gradients(network: torch.nn.Module, loss: torch.Tensor) -> dict[str, torch.Tensor]:
    """Follow the loss back and return every weight's gradient."""
    network.zero_grad(set_to_none=True)
    loss.backward()
    return {name: weight.grad.clone() for name, weight in network.named_parameters() if weight.grad is not None}


def _roughen(network: Any) -> Any:
    # as initialised, attention is nearly even and scores nearly nothing: a leak would hardly show
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.3 * torch.randn(weight.shape))
    return network
