"""The other side of the throughput benchmark: transformers' Trainer, as its defaults have it but for what is said."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from benchmarks.throughput_contests import Clock, Contest, Contestant, Plan, Record, describe
from pipelines.learners.padding import Padded
from pipelines.learners.quickening import set_dropout


def run_trainer(contest: Contest, contestant: Contestant, plan: Plan) -> Record:
    """Train by transformers' Trainer, as its defaults have it but for what ``contestant`` says."""
    from transformers import Trainer, TrainerCallback, TrainingArguments

    record, clock, network = Record(), Clock(device=contest.device), contest.copy()
    if not contestant.has_dropout:
        set_dropout(network, 0.0)

    class Watch(TrainerCallback):  # type: ignore[misc]  # transformers has no types
        def on_train_begin(self, *_: object, **__: object) -> None:
            clock.go()

        def on_step_end(self, _: object, state: Any, *__: object, **___: object) -> None:  # noqa: ANN401  # transformers'
            record.seconds.append(clock.stop())
            if plan.look and (state.global_step % plan.look == 0 or state.global_step == state.max_steps):
                record.dev.append((clock.spent, contest.measure_dev(network)))
                network.train()
            clock.go()

    with tempfile.TemporaryDirectory() as folder, _sit_at(contest.lesson.threads):
        arguments = TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=contestant.rows,
            num_train_epochs=1,
            max_steps=plan.steps or -1,
            train_sampling_strategy="group_by_length" if contestant.is_grouped else "random",
            bf16=contestant.is_bf16,
            report_to="none",
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
            dataloader_pin_memory=contest.device.type == "cuda",
            seed=contest.lesson.seed,
            use_cpu=contest.device.type == "cpu",
        )
        optimiser = torch.optim.AdamW(contest.groups(network, plan.rate), weight_decay=0.01, fused=True)
        rows = _list_rows(contest)
        steps = plan.steps or -(-len(rows) // contestant.rows)
        shape = describe(contest, contestant, plan)
        decay = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: shape.rate_at(min(step + 1, steps), steps) / shape.rate)
        trainer = Trainer(
            model=_Learning(contest, network, record),
            args=arguments,
            train_dataset=rows,
            data_collator=_collate,
            callbacks=[Watch()],
            optimizers=(optimiser, decay),
        )
        with contextlib.redirect_stdout(io.StringIO()):
            trainer.train()
    return record


class _Learning(torch.nn.Module):  # type: ignore[misc]  # torch is not followed
    """What the Trainer trains: a batch of named tensors to its mean loss; counts the tokens as they pass."""

    def __init__(self, contest: Contest, network: Any, record: Record) -> None:  # noqa: ANN401  # transformers has no types
        super().__init__()
        self.network = network
        self._is_classifier, self._record = contest.series.kind == "classifier", record

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        self._record.real.append(int(attention_mask.sum()))
        self._record.padded.append(attention_mask.numel())
        if self._is_classifier:
            scores = self.network(Padded(ids=input_ids, mask=attention_mask))
            return {"loss": torch.nn.functional.cross_entropy(scores, labels)}
        targets = input_ids.masked_fill(attention_mask == 0, -100)
        return {"loss": self.network(input_ids=input_ids, attention_mask=attention_mask, labels=targets).loss}


def _collate(rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    ids = [torch.tensor(row["input_ids"]) for row in rows]
    pad: Callable[..., torch.Tensor] = torch.nn.utils.rnn.pad_sequence
    mask = [torch.ones_like(row) for row in ids]
    labels = torch.tensor([row["label"] for row in rows])
    return {"input_ids": pad(ids, batch_first=True), "attention_mask": pad(mask, batch_first=True), "labels": labels}


def _list_rows(contest: Contest) -> list[dict[str, Any]]:
    return [{"input_ids": row.tolist(), "label": label} for row, label in zip(contest.rows, contest.labels.tolist(), strict=True)]


@contextmanager
def _sit_at(threads: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
