"""Does an update with an amendment teach the new rule, and is nothing else forgotten? Full fine-tuning and LoRA, with replay.

SmolLM2-135M learns 120 paragraphs of two regulations as they stood before 2018 (the cold lesson, which all arms share), then the
40 that an amendment rewrote (the warm lesson), with 0, 5, 10 and 25% of replay. Currency is the share of amended paragraphs whose
text in force is preferred to the text before, by the product's own scoring. Forgetting is measured in bits per byte on paragraphs
that no update shows again, and as currency over what was amended earlier.

The arithmetic, at 115 tokens a second and a third of that time for tokens that are only read (two idle cores, bf16):

    the cold lesson: 120 rows of 66 tokens, 2 epochs                                          16,000 tokens
    8 updates: 40 rows of 66 tokens, and up to 14 replayed, 5 epochs                         123,000 tokens
    9 scorings: 112 texts of pairs, 64 paragraphs, 40 sentences = 11,700 tokens, at a third   35,000 tokens
    together 174,000 tokens = 25 minutes, less what LoRA saves; 10 s to load and save a model, nine times

A processor without bf16 arithmetic (AVX-512) computes in single precision: expect half as much again.

Each arm's result is kept (``--cache``), so that a run that was cut short goes on where it was.

Example: python benchmarks/amendments.py           (needs ADDENDUM_DATA; writes docs/benchmarks/amendments.md, .json and .svg)

Example: python benchmarks/amendments.py --quick   (a tiny network and rules of ours: shows the machinery; prints only)
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.amendments_arms import Arm, Bench, Reading, Recipe, read_arm, read_before
from benchmarks.amendments_page import Measured, build_page, list_measures
from benchmarks.amendments_paragraphs import Numbers, invent_paragraphs, read_paragraphs
from benchmarks.kept import KEPT
from benchmarks.pages import open_parser, report
from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.schedules import Adapter
from pipelines.settings import QUIET, Settings, bind_threads

SHARES = (0.0, 0.05, 0.1, 0.25)
ARMS = tuple(Arm(way=way, share=share) for way in ("full", "LoRA") for share in SHARES)
COLD = CausalLm(epochs=2, rate=1e-4)
RECIPE = Recipe(
    cold=COLD,
    full=COLD.model_copy(update={"epochs": 5, "rate": 8e-5}),
    lora=COLD.model_copy(update={"epochs": 5, "rate": 7e-4, "adapter": Adapter(rank=16, alpha=32)}),
)
FEW = Numbers(amended=12, earlier=6, replayable=8, untouched=8)
TINY = CausalLm(base="scratch:tiny", epochs=30, rate=5e-3, batch_tokens=256, max_tokens=48, precision="fp32", stored="fp32")
QUICK = Recipe(
    cold=TINY,
    full=TINY,
    lora=TINY.model_copy(update={"rate": 2e-2, "adapter": Adapter(rank=8, alpha=16)}),
    threads=1,
)


def measure_arms(bench: Bench, arms: Sequence[Arm]) -> Measured:
    """Read what the model knows before and after each update, telling each as it is done."""
    before = read_before(bench)
    tell("before the amendment", before)
    after: dict[Arm, Reading] = {}
    for arm in arms:
        after[arm] = read_arm(bench, arm)
        tell(arm.name, after[arm])
    return Measured(before=before, after=after)


def attempt(bench: Bench, settings: str) -> None:
    """Read one update, such as ``full,0.1,5e-5,6``, beside what it starts from; for whoever looks for better settings."""
    way, share, rate, epochs = settings.split(",")
    changed = {"rate": float(rate), "epochs": int(epochs)}
    recipe = bench.recipe
    recipe = replace(recipe, full=recipe.full.model_copy(update=changed), lora=recipe.lora.model_copy(update=changed))
    arm = Arm(way="full" if way == "full" else "LoRA", share=float(share))
    for one in list_measures(measure_arms(replace(bench, recipe=recipe), [arm])):
        print(f"{one.measure}: {one.value:.3f} {one.unit}")


def tell(name: str, reading: Reading) -> None:
    """Print one line, so that whoever waits knows how far it is."""
    taken = f"{reading.steps} steps in {reading.seconds:.0f} s"
    print(f"{name}: currency {reading.currency:.2f}, untouched {reading.untouched:.4f} bits a byte, {taken}", flush=True)


def open_bench(cache: Path, *, is_quick: bool) -> Bench:
    """Return what is measured with: real paragraphs and SmolLM2, or rules of ours and a tiny network."""
    if is_quick:
        return Bench(paragraphs=invent_paragraphs(FEW), recipe=QUICK, folder=cache)
    paragraphs = read_paragraphs(Settings().data / "cfpb_revisions", Numbers())
    return Bench(paragraphs=paragraphs, recipe=RECIPE, folder=cache)


def main() -> None:
    """Measure, print the table, and without ``--quick`` write the page; ends with 1 where a goal is not met."""
    parser = open_parser(__doc__)
    parser.add_argument("--cache", type=Path, default=KEPT / "amendments", help="where results are kept")
    parser.add_argument(
        "--try", dest="trial", metavar="WAY,SHARE,RATE,EPOCHS", help="read one update of these settings, print it"
    )
    arguments = parser.parse_args()
    os.environ.update({**QUIET, **bind_threads((QUICK if arguments.quick else RECIPE).threads)})
    started = time.monotonic()
    if arguments.trial:
        attempt(open_bench(arguments.cache, is_quick=arguments.quick), arguments.trial)
        return
    if arguments.quick:
        with TemporaryDirectory() as folder:
            measured = measure_arms(open_bench(Path(folder), is_quick=True), ARMS)
    else:
        measured = measure_arms(open_bench(arguments.cache, is_quick=False), ARMS)
    status = report(build_page(measured), arguments)
    print(f"{(time.monotonic() - started) / 60:.1f} minutes in all")
    sys.exit(status)


if __name__ == "__main__":
    main()
