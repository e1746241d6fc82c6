"""Pretrained weights from disk, and trained ones back: safetensors and JSON only, and no code that comes with a model.

``trust_remote_code`` is never given, so that a base that needs it is refused by transformers; nothing but the hub
form may ask the network for anything.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoTokenizer, BertConfig, LlamaConfig
from transformers.utils import logging as transformers_logging

from pipelines.learners.bases import Base
from pipelines.learners.schedules import Adapter
from pipelines.learners.shapes import SHAPES, Shape
from pipelines.learners.tokenizers import PAD, START, read_tokenizer, settle

Network: TypeAlias = Any
"""A network of transformers, which has no types."""

Family = Literal["encoder", "decoder"]
_AUTO = {"encoder": AutoModel, "decoder": AutoModelForCausalLM}


def load_base(base: Base, family: Family, own_tokenizer: Tokenizer | None = None) -> tuple[Network, Tokenizer]:
    """Return a base's network in single precision, and its tokenizer; ``own_tokenizer`` is that of a network from scratch."""
    with _quiet():
        if base.origin == "scratch" and own_tokenizer is not None:
            return _AUTO[family].from_config(_configure(family, SHAPES[base.name], own_tokenizer)), own_tokenizer
        if base.origin == "gguf":
            return _load_gguf(Path(base.name), family)
        if base.origin == "hub":
            network = _AUTO[family].from_pretrained(base.name, revision=base.revision, use_safetensors=True, dtype=torch.float32)
            return network, settle(AutoTokenizer.from_pretrained(base.name, revision=base.revision).backend_tokenizer)
    return load_folder(Path(base.name), family)


def load_folder(folder: Path, family: Family) -> tuple[Network, Tokenizer]:
    """Return the network (single precision) and the tokenizer of a folder that :func:`save_network` or a package wrote."""
    with _quiet():
        network = _AUTO[family].from_pretrained(str(folder), local_files_only=True, use_safetensors=True, dtype=torch.float32)
    return network, read_tokenizer(folder / "tokenizer.json")


def save_network(network: Network, folder: Path, stored: Literal["bf16", "fp32"]) -> None:
    """Write ``config.json`` and ``model.safetensors``, the weights rounded to what they are stored as."""
    with _quiet():
        network.to("cpu", dtype=torch.bfloat16 if stored == "bf16" else torch.float32).save_pretrained(str(folder))


def adapt(network: Network, adapter: Adapter) -> Network:
    """Return the network with low-rank updates on every linear layer, the only ones that will be trained."""
    from peft import LoraConfig, get_peft_model

    updates = LoraConfig(r=adapter.rank, lora_alpha=adapter.alpha, lora_dropout=adapter.dropout, target_modules="all-linear")
    with warnings.catch_warnings():
        # peft reads a property that transformers has renamed.
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        return get_peft_model(network, updates)


def merge(network: Network) -> Network:
    """Return a plain network with the updates added to its weights; a plain network as it is."""
    return network.merge_and_unload() if hasattr(network, "merge_and_unload") else network


def _load_gguf(file: Path, family: Family) -> tuple[Network, Tokenizer]:
    """Dequantise, and copy into a fresh network: the one that was read refuses to be saved or trained."""
    # The dequantising draws a bar that transformers' own switch does not reach.
    with redirect_stderr(io.StringIO()):
        network = _AUTO[family].from_pretrained(str(file.parent), gguf_file=file.name, local_files_only=True, dtype=torch.float32)
    config = AutoConfig.for_model(
        **{name: value for name, value in network.config.to_dict().items() if name != "quantization_config"}
    )
    fresh = _AUTO[family].from_config(config, dtype=torch.float32)
    fresh.load_state_dict(network.state_dict())
    tokenizer = AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name, local_files_only=True)
    return fresh, settle(tokenizer.backend_tokenizer)


def _configure(family: Family, shape: Shape, tokenizer: Tokenizer) -> Network:
    fields = {
        "vocab_size": tokenizer.get_vocab_size(),
        "hidden_size": shape.width,
        "intermediate_size": shape.inner,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "max_position_embeddings": shape.positions,
        "pad_token_id": tokenizer.token_to_id(PAD),
    }
    if family == "encoder":
        return BertConfig(**fields)
    start = tokenizer.token_to_id(START)
    return LlamaConfig(**fields, bos_token_id=start, eos_token_id=start, tie_word_embeddings=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without progress bars and loading reports, which belong to whoever called; restored afterwards."""
    level, has_bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(level)
        if has_bars:
            transformers_logging.enable_progress_bar()
