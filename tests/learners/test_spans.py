"""The probability of a span is the product of its tokens' after the prefix, under the sampling that is named."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from pipelines.learners.cards import read_card
from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.spans import Cut, measure_spans
from pipelines.learners.tokenizers import tokenise
from pipelines.learners.weights import load_folder
from tests.builders.lessons import Watcher, build_documents, build_lesson

TEXTS = [document.text for document in build_documents(20)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    learner = CausalLm(base="scratch:tiny", epochs=6, rate=5e-3, batch_tokens=256, max_tokens=48, precision="fp32", stored="fp32")
    learner.fit(build_lesson(), folder, Watcher())
    return folder


def reference(model: Path, text: str, cut: Cut) -> float:
    """One token at a time, by the definition."""
    network, tokenizer = load_folder(model, "decoder")
    (tokens,) = tokenise(tokenizer, [text], cut.prefix + cut.span)
    row, total = [read_card(model).start, *tokens.ids[: cut.prefix]], 0.0
    for token in tokens.ids[cut.prefix :]:
        scores = network(input_ids=torch.tensor([row])).logits[0, -1].detach().double() / cut.temperature
        kept = scores.topk(min(cut.top_k or len(scores), len(scores))).indices.tolist()
        if token not in kept:
            return -math.inf
        total += float(scores[token] - torch.logsumexp(scores[kept], 0))
        row.append(token)
    return total


@pytest.mark.parametrize(
    "cut",
    [
        Cut(prefix=3, span=3),
        Cut(prefix=1, span=5, temperature=0.5),
        Cut(prefix=3, span=2, top_k=5),
        Cut(prefix=2, span=3, top_k=10_000),
    ],
)
def test_is_the_product_of_single_tokens(model: Path, cut: Cut) -> None:
    found = measure_spans(model, TEXTS, cut, 1)
    assert len(found) == len(TEXTS)
    for text, log_probability in zip(TEXTS, found, strict=True):
        assert log_probability == pytest.approx(reference(model, text, cut), abs=1e-4)


def test_what_is_not_among_the_likeliest_is_never_written(model: Path) -> None:
    found = measure_spans(model, TEXTS, Cut(prefix=2, span=4, top_k=1), 1)
    assert -math.inf in found
    assert all(one in (0.0, -math.inf) for one in found)


def test_all_spans_of_one_token_share_one_probability_among_them(model: Path) -> None:
    """Whatever follows the prefix: sampling at a temperature gives probabilities, none above one."""
    for temperature in (0.3, 1.0, 3.0):
        assert all(one <= 0 for one in measure_spans(model, TEXTS, Cut(prefix=2, span=1, temperature=temperature), 1))


def test_short_texts_are_left_out_and_none_at_all_is_none(model: Path) -> None:
    assert len(measure_spans(model, ["lot", *TEXTS], Cut(prefix=3, span=3), 1)) == len(TEXTS)
    assert measure_spans(model, [], Cut(prefix=3, span=3), 1) == []
