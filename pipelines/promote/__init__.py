"""From a verdict to a promotion, back again, and the registry as a mirror of what the ledger says."""
