"""The corpus: everything that is known and since when, as an append-only Delta table a domain."""
