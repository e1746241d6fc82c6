"""A stage in several processes: started by ``torchrun`` or ``accelerate launch``, by hand or as ``ADDENDUM_LAUNCH`` says.

``params.yaml`` says what is computed, and a launcher only where: what of its configuration would change a result is refused.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType

from pipelines.domain.errors import TRY_AGAIN, ParamsError
from pipelines.learners.protocols import Conduct
from pipelines.settings import Companions, Settings
from pipelines.train.params import TrainParams

LAUNCHERS = {"torchrun": "torch.distributed.run", "accelerate": "accelerate.commands.accelerate_cli"}


def launch(command: str, arguments: Sequence[str]) -> int:
    """Run ``python -m pipelines`` with ``arguments`` under a launcher, and return its exit code; SIGTERM is passed on.

    Raises :class:`ParamsError` for a launcher that is not known, and for a command that is none.
    """
    program, *options = _split(command) or [""]
    if program not in LAUNCHERS:
        raise ParamsError(f"ADDENDUM_LAUNCH: {program!r} is no launcher: begin it with {' or '.join(LAUNCHERS)}")
    whole = [sys.executable, "-m", LAUNCHERS[program], *options, "-m", "pipelines", *arguments]
    # a launcher that tells its processes no rank (accelerate with one) must not make them launch again
    environment = {name: value for name, value in os.environ.items() if name != "ADDENDUM_LAUNCH"}
    asked: list[int] = []
    with subprocess.Popen(whole, env=environment) as process:

        def pass_on(number: int, _frame: FrameType | None) -> None:
            asked.append(number)
            process.send_signal(number)

        before = signal.signal(signal.SIGTERM, pass_on)
        try:
            code = process.wait()
        finally:
            signal.signal(signal.SIGTERM, before)
    if code != 0 and asked:
        return TRY_AGAIN
    return 1 if code else 0


def _split(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError as error:
        raise ParamsError(f"ADDENDUM_LAUNCH: {error}: write it as in a shell") from error


def plan_conduct(settings: Settings, companions: Companions) -> Conduct:
    """Return how a training is carried out here."""
    return Conduct(
        checkpoints=settings.place.checkpoints,
        checkpoint_seconds=settings.checkpoint_seconds,
        is_sharded=settings.sharded or companions.has_fsdp,
        rank=companions.rank or 0,
    )


def join_companions(companions: Companions, params: TrainParams) -> None:
    """Make the processes that were started together one group; one that was started alone is none.

    Raises :class:`ParamsError` where the launcher's configuration contradicts the parameters.
    """
    if not companions.is_launched or companions.size == 1 or params.learner.kind == "linear":
        return
    from pipelines.learners.parallel import join

    refuse_contradictions(companions, params.learner.precision)
    join(companions.rank or 0, companions.size, companions.local_rank)


def refuse_contradictions(companions: Companions, precision: str) -> None:
    """Raise :class:`ParamsError` for what accelerate was told and the parameters say otherwise, naming both.

    Its ``mixed_precision: no`` is its default and says nothing.
    """
    asked = companions.mixed_precision
    found = {
        f"mixed_precision: {asked}": "precision" if asked not in {"no", precision} else "",
        f"gradient_accumulation_steps: {companions.accumulation}": "micro_tokens" if companions.accumulation > 1 else "",
        f"dynamo_backend: {companions.dynamo}": "the learner's parameters" if companions.dynamo.lower() != "no" else "",
        "use_deepspeed": "ADDENDUM_SHARDED" if companions.has_deepspeed else "",
        "use_megatron_lm": "ADDENDUM_SHARDED" if companions.has_megatron else "",
        "use_parallelism_config": "ADDENDUM_SHARDED" if companions.has_parallelism else "",
    }
    for told, instead in found.items():
        if instead:
            raise ParamsError(f"accelerate was told `{told}`, which params.yaml does not say: take it out, and use {instead}")
