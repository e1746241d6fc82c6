"""Where curation computes: on this machine, or on a Ray cluster that Daft spreads the same plan over.

The engine is a matter of the place, as a number of cores is: it stands in the environment, is never hashed, and changes no file.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

from pipelines.domain.errors import ParamsError


def choose_engine(engine: Literal["local", "ray"]) -> None:
    """Have Daft compute there, for as long as this process lives. Which cluster it is, Ray's own ``RAY_ADDRESS`` says.

    Raises:
        ParamsError: Ray is wanted and not installed, or its cluster does not answer.
    """
    if engine == "local":  # Daft's default; its import can wait until there is something to compute
        return
    if find_spec("ray") is None:
        raise ParamsError("ADDENDUM_ENGINE=ray: Ray is not installed: pip install -c constraints.txt 'addendum[scale]'")
    import daft

    try:
        daft.set_runner_ray(noop_if_initialized=True)
    except ConnectionError as error:
        raise ParamsError("ADDENDUM_ENGINE=ray: no cluster answers at RAY_ADDRESS: start one, or unset both") from error
