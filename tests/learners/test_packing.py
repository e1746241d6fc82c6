"""Packs: the same numbers and gradients as row by row, and no row knows its neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch._dynamo.testing import CompileCounter
from transformers import GPT2Config

from pipelines.learners.classifier_networks import ClassifierNetwork
from pipelines.learners.packing import Packed, attending_within, can_pack, pack_rows, stack_alike
from pipelines.learners.padding import Ragged, flatten_rows
from tests.builders.networks import build_decoder, build_encoder, build_rows, read_gradients

CPU = torch.device("cpu")


def run(network: Any, pack: Packed) -> torch.Tensor:
    with attending_within(network.config, pack.lengths):
        found = network(input_ids=pack.ids, position_ids=pack.positions)
    return (found.logits if hasattr(found, "logits") else found.last_hidden_state)[0]


def run_alone(network: Any, rows: Ragged, place: int) -> torch.Tensor:
    found = network(input_ids=torch.from_numpy(rows[place].astype(np.int64))[None])
    return (found.logits if hasattr(found, "logits") else found.last_hidden_state)[0]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=8), st.booleans())
def test_a_pack_gives_what_each_row_gives_alone(lengths: list[int], is_encoder: bool) -> None:  # noqa: FBT001  # drawn
    network = (build_encoder if is_encoder else build_decoder)()
    rows = build_rows(*lengths)
    pack, order = pack_rows(rows, range(len(lengths)), CPU)
    found = run(network, pack).split(list(pack.lengths))
    for place, piece in zip(order, found, strict=True):
        torch.testing.assert_close(piece, run_alone(network, rows, place), atol=1e-5, rtol=0)


@pytest.mark.parametrize("build", [build_encoder, build_decoder])
def test_changing_a_neighbour_changes_nothing(build: Any) -> None:
    network, rows = build(), build_rows(4, 4, 6, 9)
    pack, _ = pack_rows(rows, range(4), CPU)
    other = rows.ids.copy()
    other[4:14] = (other[4:14] + 7) % 49 + 1
    changed, _ = pack_rows(Ragged(ids=other, offsets=rows.offsets), range(4), CPU)
    before, after = run(network, pack), run(network, changed)
    assert torch.equal(before[:4], after[:4])
    assert torch.equal(before[14:], after[14:])
    assert not torch.allclose(before[4:14], after[4:14])


def test_positions_start_again_with_every_row() -> None:
    pack, order = pack_rows(build_rows(3, 1, 2), [0, 1, 2], CPU)
    assert (order, pack.lengths) == ([1, 2, 0], (1, 2, 3))
    assert pack.positions.tolist() == [[0, 0, 1, 0, 1, 2]]


def test_positions_matter_so_a_pack_with_running_ones_would_be_seen() -> None:
    for network in (build_encoder(), build_decoder()):
        pack, _ = pack_rows(build_rows(5, 5), [0, 1], CPU)
        running = Packed(ids=pack.ids, positions=torch.arange(10)[None], lengths=(10,))
        assert not torch.allclose(run(network, pack)[5:], run(network, running)[5:], atol=1e-3)


def test_a_classifier_gives_the_same_losses_and_gradients_packed_and_padded() -> None:
    network = ClassifierNetwork(build_encoder(), 3)
    torch.nn.init.normal_(network.head.weight)
    rows, truths = build_rows(9, 2, 2, 14, 1), torch.tensor([0, 1, 2, 1, 0])
    pack, order = pack_rows(rows, range(5), CPU)
    losses = [
        torch.nn.functional.cross_entropy(network(pack), truths[order], reduction="sum"),
        torch.nn.functional.cross_entropy(network(rows.pad(range(5), 0, CPU)), truths, reduction="sum"),
    ]
    assert float(losses[0].detach()) == pytest.approx(float(losses[1].detach()), abs=1e-5)
    packed, padded = (read_gradients(network, loss) for loss in losses)
    assert packed.keys() == padded.keys()
    for name, gradient in padded.items():
        torch.testing.assert_close(packed[name], gradient, atol=1e-5, rtol=1e-4)


def test_attention_is_put_back_even_after_an_error() -> None:
    network = build_encoder()
    before, said = network.config._attn_implementation, network.config.to_json_string()
    with pytest.raises(RuntimeError), attending_within(network.config, (4,)):
        raise RuntimeError
    assert network.config._attn_implementation == before
    assert network.config.to_json_string() == said
    assert "addendum" not in network.config.to_json_string()


def test_what_belongs_to_a_row_is_stacked_with_rows_of_its_length() -> None:
    stacks = stack_alike(torch.arange(7.0)[:, None], (1, 1, 2, 3))
    assert [stack.squeeze(-1).tolist() for stack in stacks] == [[[0.0], [1.0]], [[2.0, 3.0]], [[4.0, 5.0, 6.0]]]


def test_a_mask_beside_a_pack_is_refused() -> None:
    network = build_encoder()
    with pytest.raises(ValueError, match="no mask"), attending_within(network.config, (4,)):
        network(input_ids=torch.ones(1, 4, dtype=torch.long), attention_mask=torch.ones(1, 1, 4, 4))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's compiler about torch
@pytest.mark.parametrize("build", [build_encoder, build_decoder])
def test_compiled_layers_are_not_compiled_anew_for_other_packs(build: Any) -> None:
    """Torch compiles a function eight times at most, and then runs it plain: as slow as before, and with other last bits."""
    network, counter = build(), CompileCounter()
    for layer in network.encoder.layer if hasattr(network, "encoder") else network.model.layers:
        layer.compile(dynamic=True, backend=counter)
    counts, places = [], (range(4), range(2, 4), range(1, 6), range(6), range(3, 7))
    rows = build_rows(3, 7, 8, 11, 13, 5, 19)
    for chosen in places:
        run(network, pack_rows(rows, chosen, CPU)[0])
        counts.append(counter.frame_count)
    assert counts[0] > 0
    assert counts[1:] == counts[1:2] * 4


def test_only_what_is_known_to_give_the_padded_result_is_packed() -> None:
    network = build_decoder()
    assert can_pack(network.config, "auto")
    assert can_pack(network.config, "on")
    assert not can_pack(network.config, "off")
    network.config.sliding_window = 4
    assert not can_pack(network.config, "auto")
    assert not can_pack(GPT2Config(), "auto")
    assert not can_pack(build_encoder(is_decoder=True).config, "auto")


def test_rows_of_a_mapped_file_may_not_be_written_and_are_packed_all_the_same() -> None:
    rows = build_rows(3, 2)
    rows.ids.flags.writeable = False
    pack, _ = pack_rows(flatten_rows(rows), [1, 0], CPU)
    assert pack.ids.shape == (1, 5)
