"""The learners that ``params.yaml`` can name."""

from __future__ import annotations

from typing import Annotated, TypeAlias, Union

from pydantic import Field

from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.classifier import Classifier
from pipelines.learners.linear import Linear

AnyLearner: TypeAlias = Annotated[Union[Linear, Classifier, CausalLm], Field(discriminator="kind")]
