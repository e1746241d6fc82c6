"""All sources that ``params.yaml`` may name, told apart by their ``kind``."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from pipelines.detect.clinicaltrials_gov import ClinicalTrialsGov
from pipelines.detect.ecfr import Ecfr
from pipelines.detect.federal_register import FederalRegister
from pipelines.detect.folder import Folder
from pipelines.detect.openfda_enforcement import OpenFdaEnforcement
from pipelines.detect.pubmed import PubMed
from pipelines.detect.regulations_gov import RegulationsGov
from pipelines.detect.s3_bucket import S3Bucket

AnySource: TypeAlias = Annotated[
    ClinicalTrialsGov | Ecfr | FederalRegister | Folder | OpenFdaEnforcement | PubMed | RegulationsGov | S3Bucket,
    Field(discriminator="kind"),
]
