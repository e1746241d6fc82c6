"""The ledger: what was decided, by whom and why, as events that are only ever added and chained by their hashes."""
