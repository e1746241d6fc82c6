"""Great Expectations, imported once and quietly: its import takes three seconds, so only who validates imports this module."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    # Great Expectations 1.24 still imports `sre_constants`, which Python 3.11 deprecates; that is theirs to mend, and where
    # warnings are errors it would stop us from importing it at all.
    warnings.simplefilter("ignore", DeprecationWarning)
    import great_expectations as gx
    from great_expectations import expectations as gxe
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )
    from great_expectations.expectations.row_conditions import Column

__all__ = ["Column", "DataContextConfig", "InMemoryStoreBackendDefaults", "ProgressBarsConfig", "gx", "gxe"]
